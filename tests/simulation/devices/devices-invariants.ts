import { type Instant, SERVER_ID } from '@imcore/protocol';
import type { Device } from '../device.js';
import { receivedAsSent, receivedAtMostOnce, wasOvertaken } from '../invariants.js';
import { keyOf, type SentMessage } from '../journal.js';
import type { DevicesWorld, Member } from './devices-world.js';
import type { Ledger } from './ledger.js';
import type { LogDevice } from './log-device.js';

/** Content of up to this length fits into a datagram with any ids, in characters. */
const SHORT_CONTENT = 200;

/** Checks what must hold when all is quiet. Returns the breaches. */
export function checkDevices(world: DevicesWorld): string[] {
  return [
    ...completeLogs(world),
    ...logsAsAppended(world),
    ...sameLists(world),
    ...sameOrder(world),
    ...acknowledgedIsInLogs(world),
    ...v6HasEverything(world),
    ...v6InOrder(world),
    ...toldOfRestores(world),
    ...receivedAtMostOnce(world),
    ...receivedAsSent(world),
    ...settledByThoseWhoStay(world),
  ];
}

/** Whether everybody is online and has handled everything, and every message has an outcome. */
export function isQuiet(world: DevicesWorld): boolean {
  const { ledger } = world.restorable;
  return (
    settledByThoseWhoStay(world).length === 0 &&
    world.everybody.every(({ client }) => client.state === 'online') &&
    present(world).every((device) => device.diary.isIdle && lackedBy(device, ledger).length === 0) &&
    v6HasEverything(world).length === 0
  );
}

/** I1: each device was handed every entry of its log, or was told of its absence. */
function completeLogs(world: DevicesWorld): string[] {
  const { ledger } = world.restorable;
  return present(world).flatMap((device) =>
    lackedBy(device, ledger).map(
      (position) => `${device.name} lacks ${position} of ${ledger.lastOf(device.userId)}, and was not told`,
    ),
  );
}

function lackedBy({ userId, name, diary }: LogDevice, ledger: Ledger): number[] {
  const pages = diary.epoch === ledger.epoch ? diary.pages : undefined;
  const last = ledger.lastOf(userId);
  const has = (position: number): boolean => {
    if (pages === undefined) return false;
    // A new device begins with what the log still has when its login is answered.
    const isRemoved = ledger.wasBefore(userId, name, position) || ledger.isLost(userId, position);
    if (position <= pages.start) return pages.isTold || isRemoved;
    return pages.at(position) !== undefined || pages.gaps.has(position);
  };
  return Array.from({ length: last }, (_, index) => index + 1).filter((position) => !has(position));
}

/** I1: what a device has at a position is what was appended there. */
function logsAsAppended(world: DevicesWorld): string[] {
  const breaches: string[] = [];
  for (const { name, userId, diary } of world.devices.map(({ device }) => device)) {
    const ledger = [...world.restorable.earlier, world.restorable.ledger].find(
      ({ epoch }) => epoch === diary.epoch,
    );
    // The last one with that epoch counts: a store that was set back may have kept it.
    const current = diary.epoch === world.restorable.ledger.epoch ? world.restorable.ledger : ledger;
    for (const position of [...(diary.pages?.handled.keys() ?? []), ...(diary.pages?.own.keys() ?? [])]) {
      const [has, is] = [diary.pages?.at(position), current?.at(userId, position)?.key];
      if (has !== is)
        breaches.push(`${name} has ${has} at ${position}, where the log of ${userId} has ${is}`);
    }
  }
  return breaches;
}

/** I3: all devices of a user have the same list of each conversation. */
function sameLists(world: DevicesWorld): string[] {
  const { ledger } = world.restorable;
  const breaches: string[] = [];
  const devices = present(world).filter(({ diary }) => diary.epoch === ledger.epoch);
  for (const one of devices)
    for (const other of devices) {
      if (one.userId !== other.userId || one.name >= other.name) continue;
      const lists = [listOf(one, other, ledger), listOf(other, one, ledger)];
      if (lists[0] !== lists[1])
        breaches.push(`${one.name} and ${other.name} have different lists: ${lists[0]} and ${lists[1]}`);
    }
  return breaches;
}

/** What a device has, in order, of what neither of both was told to be absent. */
function listOf({ diary, userId }: LogDevice, other: LogDevice, ledger: Ledger): string {
  const start = Math.max(diary.pages?.start ?? 0, other.diary.pages?.start ?? 0);
  const list: string[] = [];
  for (let position = start + 1; position <= ledger.lastOf(userId); position += 1) {
    const key = diary.pages?.at(position);
    const isTold = [diary, other.diary].some(({ pages }) => pages?.gaps.has(position) === true);
    if (key !== undefined && !isTold) list.push(key);
  }
  return list.join(', ');
}

/** I4: the messages of two users are in the same order in both of their logs. */
function sameOrder(world: DevicesWorld): string[] {
  const { ledger } = world.restorable;
  const breaches: string[] = [];
  for (const one of world.plan.users)
    for (const other of world.plan.users) {
      if (one >= other) continue;
      const lists = [commonOf(one, other, ledger), commonOf(other, one, ledger)];
      if (lists[0] !== lists[1])
        breaches.push(`the logs of ${one} and ${other} differ in order: ${lists[0]} and ${lists[1]}`);
    }
  return breaches;
}

/** What is in the logs of both users, in the order of the log of the first one. */
function commonOf(userId: string, other: string, ledger: Ledger): string {
  const keys = Array.from({ length: ledger.lastOf(userId) }, (_, index) => ledger.at(userId, index + 1)?.key);
  return keys.filter((key) => key !== undefined && ledger.positionOf(other, key) > 0).join(', ');
}

/**
 * I2: what was acknowledged is in every log that it belongs to, or was received by a v6 client. As soon as a user has a device at
 * level 1, what this user sends and gets is in the log.
 */
function acknowledgedIsInLogs(world: DevicesWorld): string[] {
  const { journal, restorable } = world;
  const { ledger, earlier } = restorable;
  const received = new Set(journal.received.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  const breaches: string[] = [];
  for (const [key, sent] of journal.sent) {
    if (sent.acknowledgements === 0 || !sent.qos) continue;
    // What a restored backup has lost: the devices were told.
    if (world.restores > 0 && !ledger.keys.has(key) && earlier.some(({ keys }) => keys.has(key))) continue;
    const isLogged = ledger.positionOf(sent.to, key) > 0;
    if (!isLogged && !received.has(key)) breaches.push(`${nameOf(sent)} was acknowledged and is lost`);
    else if (!isLogged && isKnownAt(world, sent.to, sent.sentAt))
      breaches.push(`${nameOf(sent)} was acknowledged and is not in the log of ${sent.to}`);
    const hasEcho = sent.from !== SERVER_ID && sent.from !== sent.to;
    if (hasEcho && isKnownAt(world, sent.from, sent.sentAt) && ledger.positionOf(sent.from, key) === 0)
      breaches.push(`${nameOf(sent)} was acknowledged and is not in the log of its sender`);
  }
  return breaches;
}

function nameOf({ fingerprint, by, to }: SentMessage): string {
  return `${fingerprint} from ${by} to ${to}`;
}

/**
 * Whether the server knew at an instant that a user has a device at level 1. It does not know after a restored backup, and while
 * the store does not tell: then it writes to a v6 client without the log, and says so (`replayDelayed`).
 */
function isKnownAt(world: DevicesWorld, userId: string, at: Instant): boolean {
  if (world.restores > 0 || world.journal.overtaken.has(userId)) return false;
  return world.devices.some(
    ({ device }) =>
      device.userId === userId && device.firstAnsweredAt !== undefined && device.firstAnsweredAt < at,
  );
}

/** I3: the v6 client of a user has received every message of the log, whatever the user's devices have. */
function v6HasEverything(world: DevicesWorld): string[] {
  const { ledger } = world.restorable;
  const breaches: string[] = [];
  for (const device of world.v6Devices) {
    const { userId, name } = device;
    const received = receivedBy(world, name);
    for (let position = 1; position <= ledger.lastOf(userId); position += 1) {
      const entry = ledger.at(userId, position);
      if (entry?.kind !== 'message' || received.has(entry.key) || ledger.isLost(userId, position)) continue;
      if (!fits(world, device, entry.key)) continue;
      breaches.push(`${name} lacks ${entry.key}, which is at ${position} of the log`);
    }
  }
  return breaches;
}

function receivedBy({ journal }: DevicesWorld, name: string): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { to, from, fingerprint } of journal.received)
    if (to === name) keys.add(keyOf(from, fingerprint));
  return keys;
}

function fits({ journal }: DevicesWorld, { isOnStream }: Device, key: string): boolean {
  return isOnStream || (journal.sent.get(key)?.content.length ?? 0) <= SHORT_CONTENT;
}

/**
 * I4: a v6 client on a stream receives messages of one sender in the order of the log, but for those that come again: because
 * their handling, or the store, has failed.
 */
function v6InOrder(world: DevicesWorld): string[] {
  const { journal, restorable } = world;
  const breaches: string[] = [];
  const last = new Map<string, number>();
  for (const { to, userId, from, fingerprint, at } of journal.received) {
    const device = world.v6Devices.find(({ name }) => name === to);
    const key = keyOf(from, fingerprint);
    const sent = journal.sent.get(key);
    const position = restorable.ledger.positionOf(userId, key);
    if (device?.isOnStream !== true || sent === undefined || position === 0) continue;
    if (journal.setBack.has(key) || wasOvertaken(world, sent, at) || world.restores > 0) continue;
    const pair = `${from} → ${to}`;
    if (position < (last.get(pair) ?? 0))
      breaches.push(`${pair}: ${fingerprint} at ${position} came after ${last.get(pair)}`);
    last.set(pair, Math.max(position, last.get(pair) ?? 0));
  }
  return breaches;
}

/** I7: after the store was set back, each device that knew the log before was told, and no other. */
function toldOfRestores(world: DevicesWorld): string[] {
  const { ledger, earlier } = world.restorable;
  const breaches: string[] = [];
  for (const device of present(world)) {
    const { name, diary } = device;
    if (diary.epoch !== undefined && diary.epoch !== ledger.epoch)
      breaches.push(`${name} was not told that its log was set back: it knows ${diary.epoch}`);
    for (const epoch of diary.replacements)
      if (![...earlier.slice(1), ledger].some((each) => each.epoch === epoch))
        breaches.push(`${name} was told that its log is another one, ${epoch}, which it is not`);
  }
  return breaches;
}

/** Every message has an outcome, except in the outbox of a device that is gone for good. */
function settledByThoseWhoStay(world: DevicesWorld): string[] {
  const gone = new Set(world.devices.filter(({ isHere }) => !isHere).map(({ plan }) => plan.name));
  return [...world.journal.sent.values()]
    .filter(({ pending, by }) => pending > 0 && !gone.has(by))
    .map((sent) => `the send of ${nameOf(sent)} did not settle`);
}

function present({ devices }: DevicesWorld): readonly LogDevice[] {
  return devices.filter(({ isHere }: Member) => isHere).map(({ device }) => device);
}
