import type { TransportKind } from '@imcore/protocol';
import type { Retention } from '@imcore/server';
import { type LinkConditions, SeededRandom } from '@imcore/testkit';
import type { DevicePlan, Plan } from '../plan.js';
import type { StoreTrouble } from '../slow-store.js';

/**
 * The kind of a run.
 *
 * - `mixed`: everything that can happen.
 * - `sharp`: as `mixed`, with a store that is slow and fails, and a server that crashes: what lies between two steps is seen.
 * - `full`: queues that hold a few messages only, and devices that are gone for good.
 * - `restored`: as `mixed`, and the store is set back in each run.
 * - `healers`: nothing that would bring lost entries again: no crashes, changes or failures. What is lost is up to the run.
 */
export type DevicesProfile = 'mixed' | 'sharp' | 'full' | 'restored' | 'healers';

/** A device at level 1. */
export interface LogDevicePlan {
  readonly name: string;
  readonly userId: string;
  readonly kind: TransportKind;
  readonly address: string;
  /** When it logs in for the first time, in milliseconds. */
  readonly joinsAt: number;
  /** When it leaves for good, in milliseconds; `undefined` for one that stays. */
  readonly leavesAt: number | undefined;
}

/** Everything about a run that is decided before it begins. */
export interface DevicesPlan
  extends Pick<Plan, 'hookDelayMs' | 'takesUndeliverable' | 'crashes' | 'handlingFails'> {
  readonly seed: number;
  readonly profile: DevicesProfile;
  readonly users: readonly string[];
  readonly logDevices: readonly LogDevicePlan[];
  readonly v6Devices: readonly DevicePlan[];
  readonly streamSenseMode: 3 | 5;
  readonly conditions: Partial<LinkConditions>;
  readonly handlingMs: number;
  readonly retention: Retention;
  readonly trouble: StoreTrouble;
  /** When the store is set back to an earlier state, and how much it loses, in milliseconds. */
  readonly restore: { readonly at: number; readonly lostMs: number } | undefined;
  /** How long the trouble lasts, in milliseconds. */
  readonly durationMs: number;
  /** Longest pause between two happenings, in milliseconds. */
  readonly maxPauseMs: number;
}

export const KINDS: readonly TransportKind[] = ['udp', 'tcp', 'websocket'];
const USERS = ['alice', '用户', 'carol'] as const;

const BAD_LINK: Partial<LinkConditions> = {
  latencyMs: [5, 120],
  loss: 0.2,
  duplication: 0.1,
  splitting: 0.2,
};

const CALM_LINK: Partial<LinkConditions> = { latencyMs: [5, 60] };

const CALM_STORE: StoreTrouble = { maxLatencyMs: 0, failure: 0, outage: undefined, silence: undefined };

/** What a queue holds in runs of the profile `full`. */
const SMALL_QUEUE = 6;

/** The plan of a seed: three users with up to three devices each, with v6 clients among them. */
export function devicesPlan(seed: number, profile: DevicesProfile = profileOf(seed)): DevicesPlan {
  const random = new SeededRandom(seed).fork('devices');
  const durationMs = random.int(8, 14) * 1000;
  const isCalm = profile === 'healers';
  const isRestored = profile === 'restored' || (profile === 'mixed' && random.chance(0.2));
  const logDevices = USERS.flatMap((userId, index) =>
    logDevicesOf(userId, index, profile, durationMs, random),
  );
  const withLog = new Set(logDevices.map(({ userId }) => userId));
  const v6Devices = USERS.filter((userId) => !withLog.has(userId) || (!isCalm && random.chance(0.6))).map(
    (userId, index) => ({
      ...{ name: `${userId}/v6`, userId, kind: random.pick(KINDS), address: `10.0.1.${index + 1}` },
    }),
  );
  return {
    ...{ seed, profile, users: USERS, logDevices, v6Devices, durationMs },
    streamSenseMode: random.pick([3, 5]),
    conditions: isCalm ? CALM_LINK : BAD_LINK,
    hookDelayMs: isCalm ? 0 : random.pick([0, 0, 150]),
    handlingFails: isCalm ? 0 : 0.05,
    handlingMs: isCalm ? 0 : random.pick([0, 40, 200]),
    takesUndeliverable: undefined,
    retention: retentionOf(profile, random),
    trouble: isCalm ? CALM_STORE : troubleOf(profile, random),
    crashes: isCalm ? [] : crashesOf(profile, random),
    restore: isRestored
      ? { at: random.between(0.4, 0.9) * durationMs, lostMs: random.between(100, 4000) }
      : undefined,
    maxPauseMs: isCalm ? 300 : 400,
  };
}

/** The profile of a seed unless another is asked for. */
function profileOf(seed: number): DevicesProfile {
  if (seed % 4 === 0) return 'sharp';
  return seed % 8 === 1 ? 'full' : 'mixed';
}

function logDevicesOf(
  userId: string,
  index: number,
  profile: DevicesProfile,
  durationMs: number,
  random: SeededRandom,
): LogDevicePlan[] {
  const isCalm = profile === 'healers';
  const least = index === 0 || isCalm ? 2 : 0;
  const count = isCalm ? 2 : random.int(least, 3);
  return Array.from({ length: count }, (_, number) => {
    const isLate = !isCalm && random.chance(0.3);
    const isGone = !isCalm && number > 0 && random.chance(profile === 'full' ? 0.6 : 0.15);
    const joinsAt = isLate ? random.between(1000, durationMs / 2) : random.between(0, 800);
    return {
      ...{ name: `${userId}/${number + 1}`, userId, address: `10.0.0.${index * 3 + number + 1}`, joinsAt },
      kind: random.pick(KINDS),
      leavesAt: isGone ? joinsAt + random.between(500, durationMs / 3) : undefined,
    };
  });
}

function retentionOf(profile: DevicesProfile, random: SeededRandom): Retention {
  if (profile === 'healers') return {};
  if (profile === 'full') return { maxPerUser: SMALL_QUEUE };
  return {
    ...random.pick([
      {},
      {},
      {},
      { maxPerUser: SMALL_QUEUE, whenFull: 'drop-oldest' as const },
      { maxAgeMs: 4000 },
      { maxLogEntries: 10 },
    ]),
    ...(random.chance(0.3) && { historyMs: 60_000 }),
  };
}

function troubleOf(profile: DevicesProfile, random: SeededRandom): StoreTrouble {
  if (profile === 'full') return { ...CALM_STORE, maxLatencyMs: random.pick([0, 50]) };
  const outage = { from: random.int(1, 80), calls: random.int(1, 20) };
  const silence = { from: random.int(1, 80), calls: random.int(1, 30), ms: random.between(500, 18_000) };
  const isSharp = profile === 'sharp';
  const maxLatencyMs = isSharp ? random.pick([50, 300, 1500]) : random.pick([0, 20, 200]);
  return {
    maxLatencyMs,
    healedLatencyMs: Math.min(maxLatencyMs, 20),
    failure: isSharp ? random.pick([0.05, 0.3]) : random.pick([0, 0, 0.05]),
    outage: random.chance(isSharp ? 0.5 : 0.1) ? outage : undefined,
    silence: random.chance(isSharp ? 0.4 : 0.1) ? silence : undefined,
  };
}

function crashesOf(profile: DevicesProfile, random: SeededRandom): Plan['crashes'] {
  const most = profile === 'sharp' ? 3 : 1;
  return Array.from({ length: profile === 'full' ? 0 : random.int(0, most) }, () => ({
    call: random.pick(['append', 'append', 'confirm'] as const),
    when: random.pick(['before', 'after'] as const),
    number: random.int(1, 25),
    downMs: random.between(0, 2500),
  }));
}
