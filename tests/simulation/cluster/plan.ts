import type { BackoffPolicy, TransportKind } from '@imcore/protocol';
import { type BusConditions, DEFAULT_BUS, type LinkConditions, SeededRandom } from '@imcore/testkit';
import type { DevicePlan } from '../plan.js';
import type { StoreTrouble } from '../slow-store.js';

/**
 * The kind of a run.
 *
 * - `common`: nodes crash, pause and leave, the bus goes away and splits, the store is slow and fails.
 * - `sharp`: as `common`, with clients that move often, a store that is slower and fails more often, and a bus that is slow
 *   where it loses nothing.
 * - `sparse`: few messages on a bus that loses frames or is slow, and no other trouble: nothing makes up for what a node forgets.
 * - `moving`: senders move right after a message, on a bus that is slow, and no other trouble: their next message comes to the node
 *   of the receiver before the hint of the one before.
 * - `returning`: receivers come back while messages to them are being stored by a slow store, and no other trouble: their queue is
 *   read while an append is under way.
 */
export type ClusterProfile = 'common' | 'sharp' | 'sparse' | 'moving' | 'returning';

/** Everything about a run that is decided before it begins. */
export interface ClusterPlan {
  readonly seed: number;
  readonly profile: ClusterProfile;
  readonly nodes: readonly string[];
  readonly users: readonly string[];
  /** One for each user, and a second one for the first two users. */
  readonly devices: readonly DevicePlan[];
  readonly bus: BusConditions;
  readonly store: StoreTrouble;
  readonly link: Partial<LinkConditions>;
  /** How soon a client comes back. */
  readonly backoff: Partial<BackoffPolicy>;
  /** Longest time between two happenings, in milliseconds. */
  readonly pauseMs: number;
  /** Longest time between a message and a move of its sender or receiver, in milliseconds. */
  readonly moveMs: number;
  readonly troubleMs: number;
  readonly calmMs: number;
  /** Longest time between two happenings in calm, in milliseconds. */
  readonly calmPauseMs: number;
  /** Longest time until nodes agree on who has a session, in milliseconds. */
  readonly settleMs: number;
  /** Longest time until a stored message reaches a user who is online, in milliseconds. */
  readonly lateMs: number;
}

const NODES = ['a', 'b', 'c'] as const;
const USERS = ['alice', 'bob', 'carol', 'dave', '用户', "o'brien"] as const;
const KINDS: readonly TransportKind[] = ['tcp', 'websocket'];

/** Users with two devices, which log in by turns and kick each other out. */
export const RIVALS = 2;

/** Probability that a frame is lost, or arrives twice, where that happens. */
const FAULTY = 0.05;
const SPARSE_LOSS = 0.15;

/** A bus on which announcements and hints are overtaken by clients that move. */
const SLOW_BUS = { slow: 0.5, slowMs: 300 };

/** A bus on which most hints are overtaken by senders that move. */
const LATE_BUS = { slow: 0.9, slowMs: 300 };

/** The profiles of the seeds 0, 1, 2, …, again and again. */
const PROFILES: readonly ClusterProfile[] = [
  ...(['sharp', 'common', 'sparse', 'common'] as const),
  ...(['sharp', 'common', 'moving', 'common'] as const),
  ...(['sharp', 'common', 'sparse', 'returning'] as const),
];

/** Store latency after the trouble, in milliseconds. A sweep rests twenty times as long as it took. */
const HEALED_LATENCY_MS = 20;

const STORE: Readonly<Record<ClusterProfile, Pick<StoreTrouble, 'maxLatencyMs' | 'failure'>>> = {
  common: { maxLatencyMs: 50, failure: 1 / 30 },
  sharp: { maxLatencyMs: 300, failure: 1 / 8 },
  sparse: { maxLatencyMs: 20, failure: 1 / 30 },
  moving: { maxLatencyMs: 5, failure: 0 },
  returning: { maxLatencyMs: 400, failure: 0 },
};

/** The plan of a seed. */
export function clusterPlan(seed: number, profile: ClusterProfile = profileOf(seed)): ClusterPlan {
  const random = new SeededRandom(seed).fork('cluster plan');
  const bus = busOf(profile, random);
  const isBrief = random.chance(0.5) || profile !== 'common';
  const outage = { from: random.int(10, 200), calls: random.int(5, 60) };
  return {
    seed,
    profile,
    nodes: NODES,
    users: USERS,
    devices: devices(random),
    bus,
    store: {
      ...STORE[profile],
      healedLatencyMs: HEALED_LATENCY_MS,
      outage: hasNodeTrouble(profile) && random.chance(0.5) ? outage : undefined,
      silence: undefined,
    },
    link: { latencyMs: [1, 8], splitting: 0.1 },
    backoff: isBrief
      ? { minMs: 5, initialMs: 60, maxMs: 1000 }
      : { minMs: 1000, initialMs: 3000, maxMs: 3000 },
    pauseMs: { common: 200, sharp: 120, sparse: 1500, moving: 250, returning: 400 }[profile],
    moveMs: { common: 150, sharp: 500, sparse: 150, moving: 60, returning: 300 }[profile],
    troubleMs: 20_000,
    calmMs: profile === 'sparse' ? 40_000 : 15_000,
    calmPauseMs: profile === 'sparse' ? 3000 : 900,
    settleMs: settleMs(bus),
    lateMs: bus.loss === 0 ? 3500 : 6000,
  };
}

/** The profile of a seed unless another is asked for. */
function profileOf(seed: number): ClusterProfile {
  return PROFILES[seed % PROFILES.length] ?? 'common';
}

/** Whether nodes crash and pause, the bus goes away, and the store fails for a time. */
function hasNodeTrouble(profile: ClusterProfile): boolean {
  return profile === 'common' || profile === 'sharp';
}

function busOf(profile: ClusterProfile, random: SeededRandom): BusConditions {
  if (profile === 'moving') return { ...DEFAULT_BUS, ...LATE_BUS };
  if (profile === 'returning') return DEFAULT_BUS;
  const isLossy = random.chance(0.5);
  const duplication = random.chance(0.5) ? FAULTY : 0;
  if (isLossy) return { ...DEFAULT_BUS, loss: profile === 'sparse' ? SPARSE_LOSS : FAULTY, duplication };
  return { ...DEFAULT_BUS, duplication, ...(profile !== 'common' && SLOW_BUS) };
}

/**
 * 100 ms where frames are neither lost nor slow. Of lost ones several may follow each other: the bound is chosen so that no run is
 * expected to exceed it.
 */
function settleMs({ loss, slowMs }: BusConditions): number {
  if (loss > FAULTY) return 6500;
  if (loss > 0) return 4500;
  return slowMs > DEFAULT_BUS.slowMs ? 100 + 3 * slowMs : 100;
}

function devices(random: SeededRandom): DevicePlan[] {
  const numbered = [
    ...USERS.map((userId) => [userId, 1] as const),
    ...USERS.slice(0, RIVALS).map((userId) => [userId, 2] as const),
  ];
  return numbered.map(([userId, number], index) => ({
    name: `${userId}/${number}`,
    userId,
    kind: random.pick(KINDS),
    address: `${index + 1}`,
  }));
}
