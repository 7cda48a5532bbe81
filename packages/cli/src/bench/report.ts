import type { Style } from '../terminal/style.js';
import type { LatencyHistogram } from './latency-histogram.js';
import type { LoadPlan } from './load-plan.js';
import type { LoadProgress, LoadResult } from './load-run.js';

const BAR_WIDTH = 24;
const BOUNDS_US = [100, 250, 500, 1000, 2500, 5000, 10_000, 50_000, 250_000, 1_000_000];

/** The result as JSON, latencies in microseconds. */
export function toJson(url: string, plan: LoadPlan, result: LoadResult): object {
  const { counts, lost, donePerSecond, measuredMs, server, failures } = result;
  const { pairs, window, perSecond, sizeBytes, alphabet, receivers } = plan;
  return {
    url,
    plan: { pairs, window, perSecond, sizeBytes, alphabet, receivers },
    measuredMs: Math.round(measuredMs),
    donePerSecond: Math.round(donePerSecond),
    ...counts,
    lost,
    deliveryUs: percentilesOf(result.delivery),
    acknowledgementUs: percentilesOf(result.acknowledgement),
    server,
    failures,
  };
}

/** The result as text, several lines. */
export function toText(plan: LoadPlan, result: LoadResult, style: Style): string {
  const { counts, lost, server } = result;
  const wrong = {
    lost,
    duplicated: counts.duplicates,
    'out of order': counts.outOfOrder,
    corrupted: counts.corrupted,
    unexpected: counts.unexpected,
  };
  const faults = Object.entries(wrong).filter(([, count]) => count > 0);
  const lines = [
    `messages    ${whole(counts.sent)} sent, ${whole(counts.delivered)} delivered, ${whole(counts.acknowledged)} acknowledged`,
    `correct     ${
      faults.length === 0
        ? style.good('no message lost, duplicated, out of order or corrupted')
        : style.bad(faults.map(([name, count]) => `${whole(count)} ${name}`).join(', '))
    }`,
    `throughput  ${whole(result.donePerSecond)} messages per second over ${(result.measuredMs / 1000).toFixed(1)} s`,
    `delivery    ${latencyLine(result.delivery)}`,
    `acknowledge ${latencyLine(result.acknowledgement)}`,
  ];
  if (server !== undefined) {
    lines.push(
      `server      ${server.cpuPerMessage.toFixed(2)} µs of CPU per message, ${server.cores.toFixed(2)} cores, ${whole(
        server.residentBytes / 1024 / 1024,
      )} MB resident`,
    );
  }
  if (plan.perSecond === undefined) {
    lines.push(
      style.faint(
        'The send windows were full, so latency is mostly queueing time. Use --rate to measure latency.',
      ),
    );
  }
  lines.push('', ...histogramLines(result.delivery, style));
  for (const failure of result.failures) lines.push(style.bad(failure));
  return `${lines.join('\n')}\n`;
}

/** The progress line, which is overwritten at each update. */
export function progressLine({ phase, share, done }: LoadProgress): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${phase.padEnd(8)} ${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${whole(done)} messages`;
}

function histogramLines(histogram: LatencyHistogram, style: Style): string[] {
  const ranges = histogram.between(BOUNDS_US);
  const most = Math.max(...ranges);
  if (most === 0) return [];
  return ranges.flatMap((count, index) => {
    if (count === 0) return [];
    const bound = BOUNDS_US[index];
    const label = bound === undefined ? `over ${time(BOUNDS_US.at(-1) ?? 0)}` : `to ${time(bound)}`;
    const bar = '▇'.repeat(Math.max(1, Math.round((count / most) * 40)));
    return [`${label.padStart(12)}  ${style.name(bar)} ${((count * 100) / histogram.total).toFixed(2)} %`];
  });
}

function latencyLine(histogram: LatencyHistogram): string {
  if (histogram.total === 0) return 'none measured';
  const { p50, p90, p99, p999, max } = percentilesOf(histogram);
  return `p50 ${time(p50)}, p90 ${time(p90)}, p99 ${time(p99)}, p99.9 ${time(p999)}, max ${time(max)}`;
}

function percentilesOf(histogram: LatencyHistogram) {
  return {
    p50: histogram.percentile(0.5),
    p90: histogram.percentile(0.9),
    p99: histogram.percentile(0.99),
    p999: histogram.percentile(0.999),
    max: histogram.max,
  };
}

function time(microseconds: number): string {
  if (microseconds < 1000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${(microseconds / 1000).toFixed(microseconds < 10_000 ? 1 : 0)} ms`;
  return `${(microseconds / 1_000_000).toFixed(1)} s`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}
