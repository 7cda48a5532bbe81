import { DEFAULT_BACKOFF, senseTimes } from '@imcore/protocol';
import { type Device, LOGIN_AGAIN_MS } from './device.js';
import { Happenings } from './happenings.js';
import {
  checkArrived,
  checkDirectory,
  checkMessages,
  checkNothingScheduled,
  checkNothingScheduledBy,
  checkOnline,
  checkStoreIsDrained,
} from './invariants.js';
import type { SentMessage } from './journal.js';
import { type Plan, type Profile, planFor, profileOf } from './plan.js';
import type { Seams } from './seams.js';
import { World } from './world.js';

/** How long everybody has to log in before the faults begin, in milliseconds. */
const ARRIVAL_MS = 2000;

/** How often the directory is checked during the faults, in milliseconds. */
const CHECK_EVERY_MS = 1000;

/** How long `send` takes at most: the client's `sendTimeoutMs`, in milliseconds. */
const SEND_TIMEOUT_MS = 30_000;

/** Longest time until a login is answered, link and hooks together, in milliseconds. */
const LOGIN_MS = 1000;

/** How long a client waits for the answer to a login: its `loginTimeoutMs`, in milliseconds. */
const LOGIN_TIMEOUT_MS = 6000;

/** How long a delivery takes at most after the healing, slow store and replay included, in milliseconds. */
const HEALED_DELIVERY_MS = 10_000;

/** Turns that the longest chain of promises of `close` needs. */
const CLOSING_TURNS = 100;

/** How long packets and closing connections outlast the end, in milliseconds. */
const AFTERMATH_MS = 6000;

interface RunResult {
  readonly seed: number;
  readonly plan: Plan;
  /** The invariants that did not hold; empty for a good run. */
  readonly breaches: readonly string[];
  readonly trace: readonly string[];
  readonly messages: readonly SentMessage[];
}

/** Runs one seed from the first login to the last logout, and checks every invariant on the way. */
export async function run(
  seed: number,
  seams: Seams = {},
  keepsTrace = false,
  profile: Profile = profileOf(seed),
): Promise<RunResult> {
  const plan = planFor(seed, profile);
  const world = new World(plan, seams, keepsTrace);
  const breaches = world.journal.breaches;
  await world.listen();
  await arrive(world);
  await makeFaults(world, breaches);
  const { online, lastMessages } = await healAndSend(world, breaches);
  breaches.push(...checkArrived(world, lastMessages));
  if (plan.profile === 'bounded-loss')
    breaches.push(...checkArrived(world, [...world.journal.sent.values()]));
  breaches.push(...(await checkStoreIsDrained(world, online)));
  breaches.push(...(await checkMessages(world)));
  await end(world, breaches);
  return { seed, plan, breaches, trace: world.journal.trace, messages: [...world.journal.sent.values()] };
}

/** The first device of each user logs in, each at another instant. */
async function arrive(world: World): Promise<void> {
  const random = world.random.fork('arrival');
  const clock = world.clock.ownedBy('arrival');
  for (const device of firstDevices(world)) {
    clock.schedule(clock.now() + random.between(0, ARRIVAL_MS / 2), () => device.login());
  }
  await world.clock.advanceAsync(ARRIVAL_MS);
}

async function makeFaults(world: World, breaches: string[]): Promise<void> {
  const happenings = new Happenings(world, world.plan.profile);
  happenings.start();
  for (let left = world.plan.durationMs; left > 0; left -= CHECK_EVERY_MS) {
    await world.clock.advanceAsync(CHECK_EVERY_MS);
    breaches.push(...checkDirectory(world));
  }
  happenings.stop();
}

/**
 * Heals the network and the store, and logs one device of each user in. When all are online, everybody sends to
 * everybody, and every message must settle.
 */
async function healAndSend(
  world: World,
  breaches: string[],
): Promise<{ online: readonly Device[]; lastMessages: readonly SentMessage[] }> {
  world.journal.note('happens', 'everything heals');
  world.heal();
  const online = firstDevices(world);
  for (const device of world.devices) if (!online.includes(device)) device.logout();
  for (const device of online) device.stayLoggedIn();
  await world.clock.advanceAsync(healingMs(world.plan));
  breaches.push(...checkDirectory(world), ...checkOnline(world, online));

  const sentBefore = world.journal.sent.size;
  for (const device of online) {
    for (const userId of world.plan.users) device.send(userId, `at last, from ${device.name}`);
  }
  await world.clock.advanceAsync(HEALED_DELIVERY_MS);
  const lastMessages = [...world.journal.sent.values()].slice(sentBefore);
  breaches.push(...checkArrived(world, lastMessages));
  await world.clock.advanceAsync(SEND_TIMEOUT_MS);
  return { online, lastMessages };
}

/**
 * How long it takes after the healing until everybody is online: the longest time in which a client notices that its
 * link is dead (no answers, or a lost login), plus the largest backoff and a login.
 *
 * A client whose first login failed, or that is kicked out even now, is idle and logs in again up to
 * {@link LOGIN_AGAIN_MS} later, without a backoff.
 */
function healingMs({ streamSenseMode }: Plan): number {
  const noticeMs = Math.max(
    senseTimes(3, 'udp').clientTimeoutMs,
    senseTimes(streamSenseMode, 'tcp').clientTimeoutMs,
    LOGIN_TIMEOUT_MS,
  );
  return noticeMs + DEFAULT_BACKOFF.maxMs + LOGIN_AGAIN_MS + LOGIN_MS;
}

/** Everybody logs out and the server closes. No timer and no connection may be left. */
async function end(world: World, breaches: string[]): Promise<void> {
  for (const device of world.devices) device.logout();
  const clients = world.devices.map(({ name }) => name);
  breaches.push(...checkNothingScheduledBy(world, clients));
  await world.clock.advanceAsync(LOGIN_MS);
  const closing = { isOver: false };
  void world.server.close({ drainMs: 100 }).then(() => {
    closing.isOver = true;
    breaches.push(...checkNothingScheduledBy(world, ['server', ...clients]));
  });
  await world.clock.advanceAsync(AFTERMATH_MS, CLOSING_TURNS);
  if (!closing.isOver) breaches.push('the server did not finish closing');
  const { bytesUnderWay } = world.server.metrics();
  if (closing.isOver && bytesUnderWay !== 0) breaches.push(`${bytesUnderWay} bytes are still under way`);
  if (world.openConnections.size > 0)
    breaches.push(`${world.openConnections.size} connections are still open`);
  breaches.push(...checkNothingScheduled(world));
}

function firstDevices(world: World): Device[] {
  return world.devices.filter(({ plan }) => plan.name.endsWith('/1'));
}
