import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Transport } from '@imcore/client/node';
import { LatencyHistogram } from './latency-histogram.js';
import { LoadPair, type PairParts } from './load-pair.js';
import type { LoadPlan } from './load-plan.js';
import { Pacing } from './pacing.js';
import { type LoadCounts, noCounts } from './pair-ledger.js';
import { type ProcessUse, readProcessUse } from './process-cpu.js';

/** Maximum concurrent logins. */
const LOGINS_AT_ONCE = 200;
const KEEP_ALIVE_MS = 5000;

export interface LoadResult {
  /** Includes the warm-up. */
  readonly counts: LoadCounts;
  /** Messages not delivered (with offline receivers: not acknowledged) after the drain time. */
  readonly lost: number;
  /** Messages delivered, or with offline receivers acknowledged. */
  readonly donePerSecond: number;
  readonly measuredMs: number;
  readonly delivery: LatencyHistogram;
  readonly acknowledgement: LatencyHistogram;
  /** Resources of the server's process, if its process ID was given. CPU is in microseconds per delivered message. */
  readonly server:
    | { readonly cpuPerMessage: number; readonly cores: number; readonly residentBytes: number }
    | undefined;
  /** The first few failures. */
  readonly failures: readonly string[];
}

interface LoadRunOptions {
  readonly plan: LoadPlan;
  readonly transport: Transport;
  readonly serverPid: number | undefined;
  /** Called about ten times a second. */
  readonly onProgress: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly phase: 'login' | 'warm-up' | 'load' | 'drain';
  /** Progress of the phase, 0–1. */
  readonly share: number;
  /** Messages delivered, or with offline receivers acknowledged. */
  readonly done: number;
}

const MAX_FAILURES = 5;

/** Runs a load test against a server and checks every message. */
export async function runLoad({
  plan,
  transport,
  serverPid,
  onProgress,
}: LoadRunOptions): Promise<LoadResult> {
  const now = (): number => performance.now();
  const failures: string[] = [];
  let isMeasuring = false;
  const parts: PairParts = {
    plan,
    transport,
    now,
    delivery: new LatencyHistogram(),
    acknowledgement: new LatencyHistogram(),
    isMeasuring: () => isMeasuring,
    failed: (reason) => {
      if (failures.length < MAX_FAILURES) failures.push(reason);
    },
  };
  const pairs = await logIn(parts, onProgress);
  const keepAlive = setInterval(() => {
    for (const pair of pairs) pair.keepAlive();
  }, KEEP_ALIVE_MS);
  try {
    const startedAt = now();
    const offer = offerOf(plan, pairs, startedAt);
    await pass('warm-up', plan, plan.warmupMs, offer, pairs, onProgress);
    isMeasuring = true;
    const before = { use: useOf(serverPid), at: now(), done: doneOf(plan, total(pairs)) };
    await pass('load', plan, plan.durationMs, offer, pairs, onProgress);
    if (isOverloaded(plan, pairs)) parts.failed(overloadFailure(plan, now() - startedAt));
    const after = { use: useOf(serverPid), at: now(), done: doneOf(plan, total(pairs)) };
    isMeasuring = plan.perSecond !== undefined;
    for (const pair of pairs) pair.stop();
    await drain(plan, pairs, onProgress);
    const counts = total(pairs);
    const measuredMs = after.at - before.at;
    const done = after.done - before.done;
    return {
      counts,
      lost: counts.sent - doneOf(plan, counts),
      donePerSecond: (done * 1000) / measuredMs,
      measuredMs,
      delivery: parts.delivery,
      acknowledgement: parts.acknowledgement,
      server: serverUse(before.use, after.use, done, measuredMs),
      failures,
    };
  } finally {
    clearInterval(keepAlive);
    for (const pair of pairs) pair.end();
  }
}

async function logIn(parts: PairParts, onProgress: LoadRunOptions['onProgress']): Promise<LoadPair[]> {
  const pairs: LoadPair[] = [];
  while (pairs.length < parts.plan.pairs) {
    const size = Math.min(LOGINS_AT_ONCE / 2, parts.plan.pairs - pairs.length);
    const batch = Array.from({ length: size }, (_, index) => new LoadPair(pairs.length + index, parts));
    await Promise.all(batch.map((pair) => pair.ready()));
    pairs.push(...batch);
    onProgress({ phase: 'login', share: pairs.length / parts.plan.pairs, done: 0 });
  }
  return pairs;
}

/** Sends the messages that are due. Called repeatedly. */
type Offer = () => void;

function offerOf(plan: LoadPlan, pairs: readonly LoadPair[], startedAt: number): Offer {
  if (plan.perSecond === undefined) {
    for (const pair of pairs) pair.fill();
    return () => {};
  }
  const pacing = new Pacing(startedAt, plan.perSecond);
  let turnOf = 0;
  return () => {
    const now = performance.now();
    for (let at = pacing.take(now); at !== undefined; at = pacing.take(now)) {
      pairs[turnOf]?.send(at);
      turnOf = (turnOf + 1) % pairs.length;
    }
  };
}

async function pass(
  phase: LoadProgress['phase'],
  plan: LoadPlan,
  durationMs: number,
  offer: Offer,
  pairs: readonly LoadPair[],
  onProgress: LoadRunOptions['onProgress'],
): Promise<void> {
  const startedAt = performance.now();
  let reportedAt = 0;
  for (;;) {
    const passed = performance.now() - startedAt;
    if (passed >= durationMs) return;
    offer();
    if (passed - reportedAt >= 100) {
      if (isOverloaded(plan, pairs)) return;
      reportedAt = passed;
      onProgress({ phase, share: passed / durationMs, done: doneOf(plan, total(pairs)) });
    }
    await sleep(1);
    await turn();
  }
}

/** Whether more messages are in flight than a server that keeps up would leave. */
function isOverloaded({ maxInFlight }: LoadPlan, pairs: readonly LoadPair[]): boolean {
  return pairs.reduce((sum, { ledger }) => sum + ledger.inFlight, 0) > maxInFlight;
}

function overloadFailure({ perSecond, maxInFlight }: LoadPlan, passedMs: number): string {
  const seconds = (passedMs / 1000).toFixed(1);
  return `stopped after ${seconds} s: more than ${maxInFlight} messages in flight; the server or the load generator cannot handle ${perSecond} messages per second`;
}

/** Waits until every message is delivered and acknowledged, or `drainMs` has passed. */
async function drain(
  plan: LoadPlan,
  pairs: readonly LoadPair[],
  onProgress: LoadRunOptions['onProgress'],
): Promise<void> {
  const { drainMs } = plan;
  const until = performance.now() + drainMs;
  while (performance.now() < until && pairs.some(({ ledger }) => ledger.inFlight > 0)) {
    await sleep(20);
    const left = Math.max(0, until - performance.now());
    onProgress({ phase: 'drain', share: 1 - left / drainMs, done: doneOf(plan, total(pairs)) });
  }
}

function total(pairs: readonly LoadPair[]): LoadCounts {
  const sum = noCounts();
  for (const { ledger } of pairs) {
    for (const name of Object.keys(sum) as (keyof LoadCounts)[]) sum[name] += ledger.counts[name];
  }
  return sum;
}

/** Number of complete messages. */
function doneOf(plan: LoadPlan, counts: LoadCounts): number {
  return plan.receivers === 'online' ? counts.delivered : counts.acknowledged;
}

function useOf(pid: number | undefined): ProcessUse | undefined {
  return pid === undefined ? undefined : readProcessUse(pid);
}

function serverUse(
  before: ProcessUse | undefined,
  after: ProcessUse | undefined,
  done: number,
  measuredMs: number,
): LoadResult['server'] {
  if (before === undefined || after === undefined) return undefined;
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    cpuPerMessage: done === 0 ? 0 : (cpuMs * 1000) / done,
    cores: cpuMs / measuredMs,
    residentBytes: after.residentBytes,
  };
}
