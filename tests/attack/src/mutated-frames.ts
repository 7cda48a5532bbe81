import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import type { SenderOrder } from './mutated-frames-sender.js';
import { Probe } from './probe.js';
import { Victim } from './victim.js';

const TRANSPORTS = ['tcp', 'udp', 'websocket'] as const;
const SENDER = fileURLToPath(new URL('./mutated-frames-sender.js', import.meta.url));
/** Growth of the server's memory that is no problem: 32 users with messages in flight, and Node's own fluctuation. */
const MAX_GROWTH_BYTES = 250 * 1024 * 1024;
/** A delay of the event loop that is no problem beside two other busy processes on two cores. */
const MAX_LOOP_DELAY_MS = 2000;
/** No sender runs longer. */
const MAX_MINUTES = 30;
/** Frames of one sender at most, so that it ends in time, and the senders that follow each other at most. */
const MAX_FRAMES = 10_000_000;
const MAX_ROUNDS = 50;
/** The smallest share of frames that is expected to arrive. */
const MIN_SHARE = 0.1;

/** What the server's limits on a peer's rate would keep from the decoder. */
const LIMITS = { packetsPerSecond: 1_000_000_000, loginsPerSecondPerAddress: 1_000_000 };

/** Sends mutated packets of the recorded clients over each transport, in the name of users who are logged in. */
export const mutatedFrames: Attack = {
  summary: 'mutated packets of the recorded clients, over each transport',
  async run(options: AttackOptions): Promise<AttackOutcome> {
    const figures: Record<string, number> = {};
    const problems: string[] = [];
    for (const transport of TRANSPORTS) {
      const outcome = await attackOver(transport, options);
      for (const [name, value] of Object.entries(outcome.figures)) figures[`${transport}.${name}`] = value;
      problems.push(...outcome.problems.map((problem) => `${transport}: ${problem}`));
    }
    return { figures, problems };
  },
};

async function attackOver(
  transport: (typeof TRANSPORTS)[number],
  { frames, note }: AttackOptions,
): Promise<AttackOutcome> {
  const victim = await Victim.start({ limits: LIMITS, exemptsLoopback: true });
  const probe = await Probe.start(victim.ports.tcp);
  const rssBefore = victim.rssBytes();
  let peakBytes = rssBefore;
  const watch = setInterval(() => {
    if (victim.isAlive) peakBytes = Math.max(peakBytes, victim.rssBytes());
  }, 100);
  await victim.state();
  const startedAt = performance.now();
  const seed = (Date.now() & 0x7fffffff) | 1;
  const port = transport === 'websocket' ? victim.ports.ws : victim.ports[transport];
  const { sent, connections, received, maxLoopDelayMs } = await sendUntilReceived(victim, {
    ...{ transport, port, frames, seed },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  note(`${transport}: ${received} of ${sent} frames arrived, in ${seconds.toFixed(1)} s, seed ${seed}`);
  clearInterval(watch);
  const result = await probe.stop();
  const isAlive = victim.isAlive;
  const { metrics, errors } = isAlive
    ? await victim.state()
    : { metrics: {} as Record<string, number>, errors: {} };
  await victim.stop();
  const figures = {
    frames: sent,
    framesPerSecond: sent / seconds,
    packetsReceived: received,
    violations: metrics['violations'] ?? 0,
    connections,
    rssGrowthBytes: peakBytes - rssBefore,
    maxLoopDelayMs,
    probeMessages: result.sent,
    probeP50Ms: result.p50Ms,
    probeMaxMs: result.maxMs,
    seed,
  };
  const problems = [
    ...(isAlive ? [] : ['the server has ended']),
    ...(received < frames ? [`only ${received} of ${frames} frames arrived`] : []),
    ...(result.lost > 0 ? [`${result.lost} messages of the probe were lost`] : []),
    ...(result.disconnects > 0 ? [`the probe lost its link ${result.disconnects} times`] : []),
    ...(figures.rssGrowthBytes > MAX_GROWTH_BYTES
      ? [`the server grew by ${figures.rssGrowthBytes} bytes, the bound is ${MAX_GROWTH_BYTES}`]
      : []),
    ...(maxLoopDelayMs > MAX_LOOP_DELAY_MS
      ? [`the event loop was delayed by ${maxLoopDelayMs.toFixed(0)} ms, the bound is ${MAX_LOOP_DELAY_MS}`]
      : []),
    ...(isAlive && figures.violations === 0 ? ['no frame was rejected'] : []),
    ...Object.entries(errors).map(([code, times]) => `${times} errors ${code}`),
  ];
  return { figures, problems };
}

/** Sends until the server has received as many frames: those behind a frame that ends its connection do not arrive. */
async function sendUntilReceived(
  victim: Victim,
  order: SenderOrder,
): Promise<{ sent: number; connections: number; received: number; maxLoopDelayMs: number }> {
  let sent = 0;
  let connections = 0;
  let received = 0;
  let maxLoopDelayMs = 0;
  for (let round = 0; round < MAX_ROUNDS && received < order.frames && victim.isAlive; round++) {
    const share = sent === 0 ? 1 : Math.max(received / sent, MIN_SHARE);
    const frames = Math.min(Math.ceil((order.frames - received) / share), MAX_FRAMES);
    const outcome = await send({ ...order, frames, seed: order.seed + round });
    sent += outcome.sent;
    connections += outcome.connections;
    if (!victim.isAlive) break;
    const state = await victim.state();
    received = state.metrics['packetsReceived'] ?? 0;
    maxLoopDelayMs = Math.max(maxLoopDelayMs, state.maxLoopDelayMs);
  }
  return { sent, connections, received, maxLoopDelayMs };
}

/** Runs the sender in a process of its own, so that it does not disturb the probe. */
async function send(order: SenderOrder): Promise<{ sent: number; connections: number }> {
  const child = fork(SENDER, [JSON.stringify(order)], { stdio: 'inherit' });
  const signal = AbortSignal.timeout(MAX_MINUTES * 60_000);
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the sender has ended with ${code}`);
    });
    ended.catch(() => {});
    const [answer] = await Promise.race([once(child, 'message', { signal }), ended]);
    return answer as { sent: number; connections: number };
  } finally {
    child.kill('SIGKILL');
  }
}
