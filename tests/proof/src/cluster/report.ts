import { KINDS } from '../proof-client.js';
import type { ClusterVerdict } from './checker.js';
import { RATE_OF_CLIENT } from './load.js';
import { CLIENT_PROCESSES, MEMBERS, PROGRAMS } from './population.js';
import type { Recovery } from './recovery.js';

const NAMES = { imcore: '@imcore/client', v6: 'original, v6' };

/** What the clients were and did, and a table of recoveries, as text. */
export function describeRun(verdict: ClusterVerdict): string {
  const {
    sent,
    sendingMs,
    acknowledged,
    delivered,
    retransmitted,
    copies,
    excused,
    excusedKicks,
    longestWaitMs,
    transitMs,
  } = verdict;
  const clients = PROGRAMS.map((program) => {
    const counts = KINDS.map(
      (kind) => MEMBERS.filter((each) => each.program === program && each.transport === kind).length,
    );
    return `  ${NAMES[program].padEnd(16)}${counts.map((count) => String(count).padStart(6)).join('')}`;
  });
  return [
    `${MEMBERS.length} clients in ${CLIENT_PROCESSES} processes`,
    `  ${''.padEnd(16)}${KINDS.map((kind) => kind.padStart(6)).join('')}`,
    ...clients,
    `messages: ${sent} sent, ${((sent * 1000) / sendingMs).toFixed(0)} a second (${RATE_OF_CLIENT.toFixed(1)} of each client while all are ` +
      `acknowledged), ${acknowledged} acknowledged, ${delivered} delivered`,
    `  given up after two retransmissions: ${sent - acknowledged}`,
    `  original clients retransmitted ${retransmitted} and recognized ${copies} copies`,
    `  allowed: overtaken ${excused['store silent']} while PostgreSQL was silent and ${excused['receiver on UDP']} on UDP; ` +
      `kicked out by their own unanswered first login: ${excusedKicks}`,
    `  from sending to receiving: p50 ${quantile(transitMs, 0.5)} ms, p99 ${quantile(transitMs, 0.99)} ms, ` +
      `max ${quantile(transitMs, 1)} ms; longest wait for an online user while nothing was broken: ${longestWaitMs.toFixed(0)} ms`,
    describeRecoveries(verdict.recoveries),
  ].join('\n');
}

/** The violations as text. `waiting`: messages in the table at the end. */
export function describeViolations({ violations }: ClusterVerdict, waiting: number): string {
  const { missing, duplicated, outOfOrder, late, kicked, twiceOnline, unrecovered, offline } = violations;
  return (
    `${missing} missing, ${duplicated} duplicated, ${outOfOrder} out of order, ${late} late, ${kicked} kicked out, ` +
    `${twiceOnline} online twice, ${unrecovered} not recovered, ${offline} offline, ${waiting} waiting`
  );
}

/** One line for the recovery from one fault. */
export function describeRecovery({ servedMs, messagesMs }: Recovery): string {
  return `all served after ${toText(servedMs)} s, messages everywhere after ${toText(messagesMs)} s`;
}

function describeRecoveries(recoveries: ReadonlyMap<string, readonly Recovery[]>): string {
  const head = `${'recovery (s) from'.padEnd(22)}${'times'.padStart(6)}   all served p50   max   messages everywhere p50   max`;
  const lines = [...recoveries].map(([name, times]) => {
    const served = times.map(({ servedMs }) => servedMs);
    const messages = times.map(({ messagesMs }) => messagesMs);
    return (
      `${name.padEnd(22)}${String(times.length).padStart(6)}` +
      `${middle(served).padStart(17)}${longest(served).padStart(6)}` +
      `${middle(messages).padStart(26)}${longest(messages).padStart(6)}`
    );
  });
  return [head, ...lines].join('\n');
}

function middle(times: readonly (number | undefined)[]): string {
  return toText(ascending(times)[Math.floor((times.length - 1) / 2)]);
}

function longest(times: readonly (number | undefined)[]): string {
  return toText(ascending(times).at(-1));
}

function ascending(times: readonly (number | undefined)[]): number[] {
  return times.map((time) => time ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
}

function toText(ms: number | undefined): string {
  return ms === undefined || ms === Number.POSITIVE_INFINITY ? 'over 30' : (ms / 1000).toFixed(2);
}

function quantile(sorted: Float64Array, part: number): string {
  return (sorted[Math.ceil((sorted.length - 1) * part)] ?? 0).toFixed(0);
}
