import type { TransportKind } from '@imcore/protocol';
import { type LinkConditions, SeededRandom } from '@imcore/testkit';

/**
 * What a run is about.
 *
 * - `chaos`: everything goes wrong that can; whoever is told of a success must be able to rely on it.
 * - `bounded-loss`: everybody stays online and each message loses no more copies than the retries make up for; then
 *   every message must arrive.
 */
export type Profile = 'chaos' | 'bounded-loss';

/** One device of a user: a client with an address of its own. */
export interface DevicePlan {
  readonly name: string;
  readonly userId: string;
  readonly kind: TransportKind;
  readonly address: string;
}

/** Everything about a run that is fixed before it begins. */
export interface Plan {
  readonly seed: number;
  readonly profile: Profile;
  /** `slow` answers late and fails now and then. */
  readonly store: 'none' | 'memory' | 'slow';
  readonly devices: readonly DevicePlan[];
  readonly users: readonly string[];
  /** Seconds between the keep-alives of streams; UDP has 3. */
  readonly streamSenseMode: 3 | 5;
  readonly conditions: Partial<LinkConditions>;
  /** Longest time that a hook takes to answer, in milliseconds; 0 for hooks that answer at once. */
  readonly hookDelayMs: number;
  /** How likely the server's application fails to handle a message. */
  readonly handlingFails: number;
  /** What `onUndeliverable` answers; undefined where there is no such hook. */
  readonly takesUndeliverable: boolean | undefined;
  /** How long things happen before the world calms down, in milliseconds. */
  readonly durationMs: number;
}

const KINDS: readonly TransportKind[] = ['tcp', 'websocket', 'udp'];
const USERS = ['alice', 'bob', 'carol', 'dave', '用户', 'eve 😀', "o'brien", 'grace'] as const;

/** Every so many seeds one run of the profile `bounded-loss`. */
const BOUNDED_LOSS_EVERY = 4;

const CHAOS_LINK: Partial<LinkConditions> = {
  latencyMs: [5, 120],
  loss: 0.2,
  duplication: 0.1,
  splitting: 0.2,
};

const BOUNDED_LOSS_LINK: Partial<LinkConditions> = { latencyMs: [5, 60], duplication: 0.1, splitting: 0.2 };

/** The plan of a seed: 6 to 8 users on all three transports, some with a second device. */
export function planFor(seed: number): Plan {
  const random = new SeededRandom(seed).fork('plan');
  const profile = seed % BOUNDED_LOSS_EVERY === 0 ? 'bounded-loss' : 'chaos';
  const users = USERS.slice(0, random.int(6, 8));
  const devices = users.map((userId, index) =>
    device(userId, 1, KINDS[index % KINDS.length] ?? 'tcp', index),
  );
  if (profile === 'chaos') {
    for (let extra = random.int(0, 2); extra > 0; extra--) {
      const userId = users[extra] ?? 'alice';
      devices.push(device(userId, 2, random.pick(KINDS), devices.length));
    }
  }
  return {
    seed,
    profile,
    store: profile === 'chaos' ? random.pick(['none', 'memory', 'slow']) : random.pick(['none', 'memory']),
    devices,
    users,
    streamSenseMode: random.pick([3, 5]),
    conditions: profile === 'chaos' ? CHAOS_LINK : BOUNDED_LOSS_LINK,
    hookDelayMs: random.pick([0, 0, 200]),
    handlingFails: profile === 'chaos' ? 0.05 : 0,
    takesUndeliverable: random.pick([undefined, true, false]),
    durationMs: random.int(15, 35) * 1000,
  };
}

function device(userId: string, number: number, kind: TransportKind, index: number): DevicePlan {
  return { name: `${userId}/${number}`, userId, kind, address: `10.0.0.${index + 1}` };
}
