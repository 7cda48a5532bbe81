import type { TransportKind } from '@imcore/protocol';
import type { Retention } from '@imcore/server';
import { type LinkConditions, SeededRandom } from '@imcore/testkit';
import type { StoreTrouble } from './slow-store.js';

/**
 * The kind of a run.
 *
 * - `chaos`: every fault of the network and of users; what was acknowledged must not be lost.
 * - `bounded-loss`: everybody stays online and each message loses no more copies than the retries make up for: every
 *   message must arrive.
 * - `store-trouble`: as `chaos`, with a store that is slow, fails or is full, and a server that crashes before or after
 *   the store's work.
 * - `restarts`: as `chaos`, with clients that crash and start again with their outbox: what the outbox has accepted is
 *   acknowledged or reported, and passed on once.
 */
export type Profile = 'chaos' | 'bounded-loss' | 'store-trouble' | 'restarts';

/** A crash of the server at its call `number` of the store: before its work, or after it and before the answer. */
interface CrashPlan {
  readonly call: 'append' | 'confirm';
  readonly when: 'before' | 'after';
  readonly number: number;
  readonly downMs: number;
}

/** One device of a user: a client with an address of its own. */
export interface DevicePlan {
  readonly name: string;
  readonly userId: string;
  readonly kind: TransportKind;
  readonly address: string;
}

/** Everything about a run that is decided before it begins. */
export interface Plan {
  readonly seed: number;
  readonly profile: Profile;
  readonly store: 'none' | 'memory' | 'slow';
  /** The faults of the store; `undefined` for one that answers at once and never fails. */
  readonly trouble: StoreTrouble | undefined;
  readonly retention: Retention;
  readonly crashes: readonly CrashPlan[];
  readonly devices: readonly DevicePlan[];
  readonly users: readonly string[];
  /** Seconds between the keep-alives of streams; on UDP they are 3. */
  readonly streamSenseMode: 3 | 5;
  readonly conditions: Partial<LinkConditions>;
  /** Longest time that a hook takes to answer, in milliseconds; 0 for hooks that answer at once. */
  readonly hookDelayMs: number;
  /** Probability that an application, the server's or a device's, fails to handle a message. */
  readonly handlingFails: number;
  /** Longest time that a device's application needs to handle a message, in milliseconds. */
  readonly handlingMs: number;
  /** What `onUndeliverable` answers; undefined where there is no such hook. */
  readonly takesUndeliverable: boolean | undefined;
  /** How long faults occur before the world heals, in milliseconds. */
  readonly durationMs: number;
}

const KINDS: readonly TransportKind[] = ['tcp', 'websocket', 'udp'];
const USERS = ['alice', 'bob', 'carol', 'dave', '用户', 'eve 😀', "o'brien", 'grace'] as const;

/** Every so manyth seed is a run of the profile `bounded-loss`. */
const BOUNDED_LOSS_EVERY = 4;

const CHAOS_LINK: Partial<LinkConditions> = {
  latencyMs: [5, 120],
  loss: 0.2,
  duplication: 0.1,
  splitting: 0.2,
};

const BOUNDED_LOSS_LINK: Partial<LinkConditions> = { latencyMs: [5, 60], duplication: 0.1, splitting: 0.2 };

/** Longer than a message waits without faults, shorter than many wait with them, in milliseconds. */
const MAX_AGE_MS = 10_000;

const SLOW: StoreTrouble = { maxLatencyMs: 300, failure: 0.05, outage: undefined, silence: undefined };

/** The plan of a seed: 6 to 8 users on all three transports, some with a second device. */
export function planFor(seed: number, profile: Profile = profileOf(seed)): Plan {
  const random = new SeededRandom(seed).fork('plan');
  const users = USERS.slice(0, random.int(6, 8));
  const devices = users.map((userId, index) =>
    device(userId, 1, KINDS[index % KINDS.length] ?? 'tcp', index),
  );
  if (profile === 'chaos' || profile === 'store-trouble') {
    for (let extra = random.int(0, 2); extra > 0; extra--) {
      const userId = users[extra] ?? 'alice';
      devices.push(device(userId, 2, random.pick(KINDS), devices.length));
    }
  }
  const store = storeOf(profile, random);
  return {
    seed,
    profile,
    store,
    devices,
    users,
    streamSenseMode: random.pick([3, 5]),
    conditions: profile === 'bounded-loss' ? BOUNDED_LOSS_LINK : CHAOS_LINK,
    hookDelayMs: random.pick([0, 0, 200]),
    handlingFails: profile === 'bounded-loss' ? 0 : 0.05,
    handlingMs: random.fork('handling').pick([0, 60, 60]),
    takesUndeliverable: random.pick([undefined, true, false]),
    durationMs: random.int(15, 35) * 1000,
    ...(profile === 'store-trouble'
      ? storeTrouble(random)
      : { trouble: store === 'slow' ? SLOW : undefined, retention: {}, crashes: [] }),
  };
}

/** The profile of a seed unless another is asked for. */
export function profileOf(seed: number): Profile {
  return seed % BOUNDED_LOSS_EVERY === 0 ? 'bounded-loss' : 'chaos';
}

function storeOf(profile: Profile, random: SeededRandom): Plan['store'] {
  if (profile === 'store-trouble') return 'slow';
  return profile !== 'bounded-loss'
    ? random.pick(['none', 'memory', 'slow'])
    : random.pick(['none', 'memory']);
}

function storeTrouble(random: SeededRandom): Pick<Plan, 'trouble' | 'retention' | 'crashes'> {
  const outage = { from: random.int(1, 60), calls: random.int(1, 20) };
  return {
    trouble: {
      maxLatencyMs: random.pick([0, 50, 1500]),
      failure: random.pick([0, 0.05, 0.3]),
      outage: random.chance(0.5) ? outage : undefined,
      silence: silenceOf(random.fork('silence')),
    },
    retention: {
      ...random.pick([{}, {}, { maxPerUser: 3 }, { maxPerUser: 3, whenFull: 'drop-oldest' as const }]),
      ...(random.chance(0.3) && { historyMs: 10_000 }),
      ...(random.chance(0.3) && { maxAgeMs: MAX_AGE_MS }),
    },
    crashes: Array.from({ length: random.int(0, 3) }, () => ({
      call: random.pick(['append', 'append', 'confirm'] as const),
      when: random.pick(['before', 'after'] as const),
      number: random.int(1, 30),
      downMs: random.between(0, 3000),
    })),
  };
}

/** Longer than a server waits for a call, in milliseconds. */
const SILENCE_MS: readonly [number, number] = [1000, 15_000];

function silenceOf(random: SeededRandom): StoreTrouble['silence'] {
  if (random.chance(0.5)) return undefined;
  return { from: random.int(1, 60), calls: random.int(1, 40), ms: random.between(...SILENCE_MS) };
}

function device(userId: string, number: number, kind: TransportKind, index: number): DevicePlan {
  return { name: `${userId}/${number}`, userId, kind, address: `10.0.0.${index + 1}` };
}
