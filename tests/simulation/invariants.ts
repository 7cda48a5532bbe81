import { type Instant, SERVER_ID } from '@imcore/protocol';
import type { Device } from './device.js';
import { type Journal, keyOf, type ReceivedMessage, SERVER, type SentMessage } from './journal.js';
import { FORBIDDEN } from './simulated-server.js';
import type { World } from './world.js';

/** Content of up to this length fits into a datagram with any ids, in characters. */
const SHORT_CONTENT = 200;

/** A limit for reading everything that a store holds. */
const EVERYTHING = 1_000_000;

/** What the checks of messages need of a world. */
interface Messages {
  readonly journal: Journal;
}

/** Checks what must hold for every run when all messages have settled. Returns the breaches. */
export async function checkMessages(world: World): Promise<string[]> {
  const held = await heldByStore(world);
  return [
    ...receivedAtMostOnce(world),
    ...receivedAsSent(world),
    ...settled(world),
    ...acknowledgedIsReceivedOrHeld(world, held),
    ...inOrder(world),
  ];
}

/**
 * No application receives a QoS message twice. Exceptions: a message without QoS, and one that was received before a
 * crash of the server which came before the acknowledgement, or before a crash of a client which came before it was
 * remembered.
 */
export function receivedAtMostOnce(world: Messages): string[] {
  const seen = new Set<string>();
  const breaches: string[] = [];
  for (const message of world.journal.received) {
    if (world.journal.find(message.from, message.fingerprint)?.qos === false) continue;
    const crashes = message.to === SERVER ? message.crashes : 0;
    const key = `${message.to} ${crashes} ${keyOf(message.from, message.fingerprint)}`;
    const mayRepeat = world.journal.mayRepeat.has(
      `${message.to} ${keyOf(message.from, message.fingerprint)}`,
    );
    if (seen.has(key) && !mayRepeat) breaches.push(`${message.to} received ${message.fingerprint} twice`);
    seen.add(key);
  }
  return breaches;
}

/** What was received was sent by that sender to that user with that content, and was allowed. */
export function receivedAsSent(world: Messages): string[] {
  const isAsSent = (message: ReceivedMessage): boolean => {
    const sent = world.journal.find(message.from, message.fingerprint);
    return sent !== undefined && sent.to === message.userId && sent.content === message.content;
  };
  return world.journal.received
    .filter((message) => !isAsSent(message) || message.content.startsWith(FORBIDDEN))
    .map(
      ({ to, fingerprint, from }) =>
        `${to} received ${fingerprint} from ${from}, which was not sent like that`,
    );
}

/** Every call of `send` settles. */
export function settled(world: Messages): string[] {
  return [...world.journal.sent.values()]
    .filter(({ pending }) => pending > 0)
    .map(({ by, fingerprint }) => `the send of ${fingerprint} by ${by} did not settle`);
}

/** An acknowledged message has been handled by its receiver, is in the store, or was taken by the application's hook. */
export function acknowledgedIsReceivedOrHeld(world: Messages, held: ReadonlySet<string>): string[] {
  const received = new Set(world.journal.received.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  const isSafe = (key: string): boolean =>
    received.has(key) || held.has(key) || world.journal.takenByHook.has(key);
  return [...world.journal.sent]
    .filter(([key, sent]) => sent.qos && sent.acknowledgements > 0 && !isSafe(key))
    .map(([, { by, to, fingerprint }]) => `${fingerprint} from ${by} to ${to} was acknowledged and is lost`);
}

/**
 * Messages between two devices on streams arrive in the order in which they were sent, except
 *
 * - a message that the server dropped, that the store failed to take, or that waited for an append that was given up: it is
 *   sent or stored again, after later ones;
 * - a message too long for UDP to a user who has been on UDP meanwhile: it waits in the store while later ones are
 *   delivered;
 * - a message that was sent before the server reported that new messages overtake stored ones to its receiver
 *   (`replayDelayed`), and received after that.
 */
function inOrder(world: World): string[] {
  const streams = new Set(world.devices.filter((device) => device.isOnStream).map(({ name }) => name));
  const last = new Map<string, SentMessage>();
  const breaches: string[] = [];
  for (const { to, from, fingerprint, at } of world.journal.received) {
    const sent = world.journal.find(from, fingerprint);
    if (sent === undefined || !sent.qos || sent.isRepeated || !streams.has(to)) continue;
    if (world.journal.mayRepeat.has(`${to} ${keyOf(from, fingerprint)}`)) continue;
    if (sent.by !== SERVER && !streams.has(sent.by)) continue;
    if (world.journal.setBack.has(keyOf(from, fingerprint)) || mayWaitForStream(world, sent)) continue;
    if (wasOvertaken(world, sent, at)) continue;
    const pair = `${sent.by} → ${to}`;
    const before = last.get(pair);
    if (before !== undefined && before.sequence > sent.sequence) {
      breaches.push(`${pair}: ${sent.fingerprint} came after ${before.fingerprint}, which was sent later`);
    }
    last.set(pair, sent);
  }
  return breaches;
}

export function wasOvertaken(
  { journal }: Messages,
  { to, sentAt }: SentMessage,
  receivedAt: Instant,
): boolean {
  return journal.overtaken.get(to)?.some((at) => sentAt <= at && at <= receivedAt) === true;
}

function mayWaitForStream({ devices }: World, { to, content }: SentMessage): boolean {
  return (
    content.length > SHORT_CONTENT && devices.some(({ userId, isOnStream }) => userId === to && !isOnStream)
  );
}

/** The server knows exactly the sessions that are open and logged in, one per user. Holds at any time. */
export function checkDirectory(world: World): string[] {
  if (world.isDown) return [];
  const { server, openConnections } = world;
  const online = server.sessions();
  const metrics = server.metrics();
  const breaches = online
    .filter(({ remoteAddress, remotePort }) => !openConnections.has(remoteAddress, remotePort))
    .map(({ userId, remotePort }) => `${userId} is online on port ${remotePort}, which is not connected`);
  if (new Set(online.map(({ userId }) => userId)).size !== online.length)
    breaches.push('a user is online twice');
  if (metrics['usersOnline'] !== online.length) {
    breaches.push(`${metrics['usersOnline']} users are counted as online, ${online.length} are`);
  }
  if (metrics['sessionsOpen'] !== openConnections.size) {
    breaches.push(`${metrics['sessionsOpen']} sessions are counted, ${openConnections.size} are open`);
  }
  return breaches;
}

/** After the healing: exactly the expected devices are online, for themselves and for the server. */
export function checkOnline(world: World, expected: readonly Device[]): string[] {
  const breaches = expected
    .filter(({ client }) => client.state !== 'online')
    .map(({ name, client }) => `${name} is ${client.state} and should be online`);
  const wanted = expected.map(({ plan }) => `${plan.userId} at ${plan.address}`);
  const actual = world.server.sessions().map(({ userId, remoteAddress }) => `${userId} at ${remoteAddress}`);
  for (const missing of wanted.filter((each) => !actual.includes(each)))
    breaches.push(`the server lacks ${missing}`);
  for (const extra of actual.filter((each) => !wanted.includes(each)))
    breaches.push(`the server has ${extra}, who should be offline`);
  return breaches;
}

/** Each of these messages was acknowledged and received. */
export function checkArrived(world: Messages, messages: readonly SentMessage[]): string[] {
  const received = new Set(world.journal.received.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  return messages
    .filter((sent) => sent.acknowledgements === 0 || !received.has(keyOf(sent.from, sent.fingerprint)))
    .map(
      ({ by, to, fingerprint, acknowledgements, failures }) =>
        `${fingerprint} from ${by} to ${to} should have arrived: ` +
        `${acknowledgements} acknowledgements, ${failures.join(' ') || 'no failure'}`,
    );
}

/** After the healing: nothing waits in the store for a user who is online and can receive it. */
export async function checkStoreIsDrained(world: World, online: readonly Device[]): Promise<string[]> {
  const breaches: string[] = [];
  const received = new Set(world.journal.received.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  for (const { userId, isOnStream } of online) {
    const waiting = (await world.store?.take(userId, 0, EVERYTHING))?.entries ?? [];
    for (const { fingerprint, from, body } of waiting) {
      const isTooLong = !isOnStream && body.length > 1024;
      // Where the store failed to confirm a message that has arrived, the next replay removes it.
      const mayRemain = world.plan.trouble !== undefined && received.has(keyOf(from, fingerprint));
      if (!isTooLong && !mayRemain)
        breaches.push(`${fingerprint} waits in the store although ${userId} is online`);
    }
  }
  return breaches;
}

/** A client that has logged out, and a closed server, have nothing scheduled any more. */
export function checkNothingScheduledBy(world: Pick<World, 'clock'>, owners: readonly string[]): string[] {
  return world.clock
    .pendingRuns()
    .filter(({ owner }) => owners.includes(owner))
    .map(({ at, owner }) => `${owner} still has something scheduled for ${at} at ${world.clock.now()}`);
}

/** When everybody has left and all packets have arrived, nothing is scheduled at all. */
export function checkNothingScheduled(world: Pick<World, 'clock'>): string[] {
  return checkNothingScheduledBy(
    world,
    world.clock.pendingRuns().map(({ owner }) => owner),
  );
}

async function heldByStore(world: World): Promise<Set<string>> {
  const held = new Set<string>();
  for (const userId of [...world.plan.users, 'nobody', SERVER_ID]) {
    const waiting = (await world.store?.take(userId, 0, EVERYTHING))?.entries ?? [];
    for (const { from, fingerprint } of waiting) held.add(keyOf(from, fingerprint));
  }
  const dead = (await world.store?.deadLetters(0, EVERYTHING)) ?? [];
  for (const { from, fingerprint } of dead) held.add(keyOf(from, fingerprint));
  return held;
}
