import { checkNothingScheduled, checkNothingScheduledBy } from '../invariants.js';
import type { SentMessage } from '../journal.js';
import { checkDevices, isQuiet } from './devices-invariants.js';
import { type DevicesSeams, DevicesWorld } from './devices-world.js';
import { DeviceHappenings } from './happenings.js';
import { type DevicesPlan, type DevicesProfile, devicesPlan } from './plan.js';
import { leftOf, takeRegistries } from './server-memory.js';

/** How long it takes at most until all is quiet after the healing, in milliseconds: clients notice that links are dead. */
const QUIET_MS = 90_000;

/** Pause between two of the last messages, in milliseconds: devices that are online take them meanwhile. */
const LAST_PAUSE_MS = 400;

/** How long it takes until the server knows what devices have handled, in milliseconds. */
const ACKNOWLEDGING_MS = 1000;

/** How often a run looks whether all is quiet, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** How long a user without a session is remembered, in milliseconds, and in how many runs that is waited for: one of so many. */
const REMEMBERED_MS = 10 * 60_000;
const FORGETTING_RUNS = 10;

/** How long a logout takes, in milliseconds. */
const LOGOUT_MS = 1000;

/** Turns that the longest chain of promises of `close` needs, and how long closing connections outlast it, in milliseconds. */
const CLOSING_TURNS = 100;
const AFTERMATH_MS = 8000;

interface DevicesResult {
  readonly seed: number;
  readonly plan: DevicesPlan;
  /** The invariants that did not hold; empty for a good run. */
  readonly breaches: readonly string[];
  readonly trace: readonly string[];
  readonly messages: readonly SentMessage[];
}

/** Runs one seed from the first login to the end of the server, and checks every invariant on the way. */
export async function runDevices(
  seed: number,
  seams: DevicesSeams = {},
  keepsTrace = false,
  profile?: DevicesProfile,
): Promise<DevicesResult> {
  const plan = devicesPlan(seed, profile);
  const world = new DevicesWorld(plan, seams, keepsTrace);
  const { breaches } = world.journal;
  takeRegistries();
  await world.listen();
  schedule(world);
  await makeTrouble(world);
  world.heal();
  for (const { device, isHere } of world.devices) if (isHere) device.login();
  for (const device of world.v6Devices) device.stayLoggedIn();
  await becomeQuiet(world);
  const last = await sendLast(world);
  await becomeQuiet(world);
  breaches.push(...checkDevices(world), ...checkLast(last), ...checkSessions(world));
  await end(world);
  return { seed, plan, breaches, trace: world.journal.trace, messages: [...world.journal.sent.values()] };
}

/** Devices join and leave, and the store is set back, when the plan says so. */
function schedule(world: DevicesWorld): void {
  const clock = world.clock.ownedBy('plan');
  const at = (ms: number, run: () => void) => clock.schedule(clock.now() + ms, run);
  for (const member of world.devices) {
    const { joinsAt, leavesAt } = member.plan;
    at(joinsAt, () => {
      member.isHere = true;
      member.device.login();
    });
    if (leavesAt === undefined) continue;
    at(leavesAt, () => {
      world.journal.note('happens', `${member.plan.name} is gone for good`);
      member.isHere = false;
      member.device.logout();
    });
  }
  for (const [index, device] of world.v6Devices.entries()) at(100 * index, () => device.login());
  const { restore } = world.plan;
  if (restore !== undefined) at(restore.at, () => world.restoreBackup(restore.lostMs));
}

async function makeTrouble(world: DevicesWorld): Promise<void> {
  const happenings = new DeviceHappenings(world);
  happenings.start();
  await world.advance(world.plan.durationMs);
  happenings.stop();
}

async function becomeQuiet(world: DevicesWorld): Promise<void> {
  for (let left = QUIET_MS; left > 0; left -= LOOK_EVERY_MS) {
    await world.advance(LOOK_EVERY_MS);
    if (!isQuiet(world) || checkSessions(world).length > 0) continue;
    await world.advance(ACKNOWLEDGING_MS);
    return;
  }
}

/** One client of each user sends to every user, one after the other. Returns the messages. */
async function sendLast(world: DevicesWorld): Promise<readonly SentMessage[]> {
  const { journal, plan, everybody } = world;
  const before = journal.sent.size;
  for (const from of plan.users)
    for (const to of plan.users) {
      const sender = world.random
        .fork(`last of ${from}`)
        .pick(everybody.filter(({ userId }) => userId === from));
      sender.send(to, `at last, from ${sender.name}`);
      await world.advance(LAST_PAUSE_MS);
    }
  return [...journal.sent.values()].slice(before);
}

/** I10: what is sent when all is well is accepted, whatever devices are gone. */
function checkLast(messages: readonly SentMessage[]): string[] {
  return messages
    .filter(({ acknowledgements }) => acknowledgements === 0)
    .map(
      ({ by, to, failures }) => `the last message of ${by} to ${to} was not accepted: ${failures.join(' ')}`,
    );
}

/** Everybody is online who should be, for itself and for the server. */
function checkSessions(world: DevicesWorld): string[] {
  const { everybody, server } = world;
  const sessions = server.sessions().map(({ userId, deviceId }) => `${userId} ${deviceId}`);
  const expected = everybody.map(({ userId, name }) => `${userId} ${name.endsWith('/v6') ? '' : name}`);
  return [
    ...everybody
      .filter(({ client }) => client.state !== 'online')
      .map(({ name, client }) => `${name} is ${client.state} and should be online`),
    ...expected
      .filter((each) => !sessions.includes(each))
      .map((each) => `the server lacks a session of ${each}`),
    ...sessions
      .filter((each) => !expected.includes(each))
      .map((each) => `the server has a session of ${each}, who should be offline`),
  ];
}

/** I10: everybody logs out and the server closes. No memory, no timer and no connection may be left. */
async function end(world: DevicesWorld): Promise<void> {
  const { journal, clock, plan, server, openConnections } = world;
  const clients = [...world.devices.map(({ device }) => device), ...world.v6Devices];
  for (const client of clients) client.logout();
  await world.advance(LOGOUT_MS);
  const registries = takeRegistries().slice(-1);
  for (const registry of registries) journal.breaches.push(...leftOf(registry, plan.users));
  const metrics = server.metrics();
  for (const name of ['bytesUnderWay', 'messagesInFlight', 'usersOnline', 'sessionsOpen'])
    if (metrics[name] !== 0) journal.breach(`${name} is ${metrics[name]} when all have left`);
  if (plan.seed % FORGETTING_RUNS === 0) {
    await world.advance(REMEMBERED_MS + LOGOUT_MS);
    for (const registry of registries)
      for (const userId of plan.users)
        if (registry.find(userId) !== undefined) journal.breach(`${userId} is not forgotten`);
  }
  let isClosed = false;
  void server.close({ drainMs: 100 }).then(() => {
    isClosed = true;
    journal.breaches.push(...checkNothingScheduledBy(world, ['server', ...clients.map(({ name }) => name)]));
  });
  await clock.advanceAsync(AFTERMATH_MS, CLOSING_TURNS);
  if (!isClosed) journal.breach('the server did not finish closing');
  if (openConnections.size > 0) journal.breach(`${openConnections.size} connections are still open`);
  journal.breaches.push(...checkNothingScheduled(world));
}
