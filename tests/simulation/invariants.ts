import { SERVER_ID } from '@imcore/protocol';
import type { Device } from './device.js';
import { type HandedMessage, keyOf, SERVER, type SentMessage } from './journal.js';
import { FORBIDDEN } from './simulated-server.js';
import type { World } from './world.js';

/** Content up to this length fits into a datagram whatever the ids, in characters. */
const SHORT_CONTENT = 200;

/** Messages that a store gives at once when it is asked what it holds. */
const EVERYTHING = 1_000_000;

/** What must hold of any run, when everything that was sent has settled. Returns what does not. */
export async function checkMessages(world: World): Promise<string[]> {
  const held = await heldByStore(world);
  return [
    ...handedAtMostOnce(world),
    ...handedWhatWasSent(world),
    ...settled(world),
    ...acknowledgedIsReceivedOrHeld(world, held),
    ...inOrder(world),
  ];
}

/**
 * No application is handed a QoS message twice. Without QoS nobody promises that; nor is the server's application
 * promised it across a crash, which ended it before the message was acknowledged, or a client's, which ended it before
 * it remembered.
 */
function handedAtMostOnce(world: World): string[] {
  const seen = new Set<string>();
  const breaches: string[] = [];
  for (const message of world.journal.handed) {
    if (world.journal.find(message.from, message.fingerprint)?.qos === false) continue;
    const life = message.to === SERVER ? message.crashes : 0;
    const key = `${message.to} ${life} ${keyOf(message.from, message.fingerprint)}`;
    const mayRepeat = world.journal.mayRepeat.has(
      `${message.to} ${keyOf(message.from, message.fingerprint)}`,
    );
    if (seen.has(key) && !mayRepeat) breaches.push(`${message.to} was handed ${message.fingerprint} twice`);
    seen.add(key);
  }
  return breaches;
}

/** What is handed over was sent, by that sender, to that user, with that content, and was allowed. */
function handedWhatWasSent(world: World): string[] {
  const isAsSent = (message: HandedMessage): boolean => {
    const sent = world.journal.find(message.from, message.fingerprint);
    return sent !== undefined && sent.to === message.userId && sent.content === message.content;
  };
  return world.journal.handed
    .filter((message) => !isAsSent(message) || message.content.startsWith(FORBIDDEN))
    .map(
      ({ to, fingerprint, from }) => `${to} was handed ${fingerprint} from ${from}, which was not sent so`,
    );
}

/** Every call of `send` comes to an end. */
function settled(world: World): string[] {
  return [...world.journal.sent.values()]
    .filter(({ pending }) => pending > 0)
    .map(({ by, fingerprint }) => `${by} never heard what became of ${fingerprint}`);
}

/** An acknowledged message is with its receiver, in the store, or was taken by the application's hook. */
function acknowledgedIsReceivedOrHeld(world: World, held: ReadonlySet<string>): string[] {
  const received = new Set(world.journal.handed.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  const isSafe = (key: string): boolean =>
    received.has(key) || held.has(key) || world.journal.takenByHook.has(key);
  return [...world.journal.sent]
    .filter(([key, sent]) => sent.qos && sent.acknowledgements > 0 && !isSafe(key))
    .map(([, { by, to, fingerprint }]) => `${fingerprint} from ${by} to ${to} was acknowledged and is lost`);
}

/**
 * Messages between two devices on streams arrive in the order in which they were sent, except
 *
 * - a message that the server dropped, or that the store failed to take: it is brought again, behind later ones;
 * - a message too long for UDP to a user who has been on UDP meanwhile: it waits in the store without holding up
 *   what comes behind it.
 */
function inOrder(world: World): string[] {
  const streams = new Set(world.devices.filter((device) => device.isOnStream).map(({ name }) => name));
  const last = new Map<string, SentMessage>();
  const breaches: string[] = [];
  for (const { to, from, fingerprint } of world.journal.handed) {
    const sent = world.journal.find(from, fingerprint);
    if (sent === undefined || !sent.qos || sent.isRepeated || !streams.has(to)) continue;
    if (world.journal.mayRepeat.has(`${to} ${keyOf(from, fingerprint)}`)) continue;
    if (sent.by !== SERVER && !streams.has(sent.by)) continue;
    if (world.journal.setBack.has(keyOf(from, fingerprint)) || mayWaitForStream(world, sent)) continue;
    const pair = `${sent.by} → ${to}`;
    const before = last.get(pair);
    if (before !== undefined && before.sequence > sent.sequence) {
      breaches.push(`${pair}: ${sent.fingerprint} came after ${before.fingerprint}, which was sent later`);
    }
    last.set(pair, sent);
  }
  return breaches;
}

function mayWaitForStream({ devices }: World, { to, content }: SentMessage): boolean {
  return (
    content.length > SHORT_CONTENT && devices.some(({ userId, isOnStream }) => userId === to && !isOnStream)
  );
}

/** The server's directory is the sessions that are open and logged in, one per user. May be asked at any time. */
export function checkDirectory(world: World): string[] {
  if (world.isDown) return [];
  const { server, openConnections } = world;
  const online = server.onlineUsers();
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

/** In calm: exactly the devices that mean to be online are, and the server knows it. */
export function checkOnline(world: World, expected: readonly Device[]): string[] {
  const breaches = expected
    .filter(({ client }) => client.state !== 'online')
    .map(({ name, client }) => `${name} is ${client.state} and ought to be online`);
  const wanted = expected.map(({ plan }) => `${plan.userId} at ${plan.address}`);
  const actual = world.server
    .onlineUsers()
    .map(({ userId, remoteAddress }) => `${userId} at ${remoteAddress}`);
  for (const missing of wanted.filter((each) => !actual.includes(each)))
    breaches.push(`${missing} is unknown`);
  for (const extra of actual.filter((each) => !wanted.includes(each))) breaches.push(`${extra} is a ghost`);
  return breaches;
}

/** Of these messages, each was acknowledged and has reached its receiver. */
export function checkArrived(world: World, messages: readonly SentMessage[]): string[] {
  const received = new Set(world.journal.handed.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  return messages
    .filter((sent) => sent.acknowledgements === 0 || !received.has(keyOf(sent.from, sent.fingerprint)))
    .map(
      ({ by, to, fingerprint, acknowledgements, failures }) =>
        `${fingerprint} from ${by} to ${to} ought to have arrived: ` +
        `${acknowledgements} acknowledgements, ${failures.join(' ') || 'no failure'}`,
    );
}

/** In calm: nothing waits in the store for a user who is online and can be sent it. */
export async function checkStoreIsDrained(world: World, online: readonly Device[]): Promise<string[]> {
  const breaches: string[] = [];
  const received = new Set(world.journal.handed.map(({ from, fingerprint }) => keyOf(from, fingerprint)));
  for (const { userId, isOnStream } of online) {
    const waiting = (await world.store?.take(userId, undefined, EVERYTHING)) ?? [];
    for (const { fingerprint, from, body } of waiting) {
      const isTooLong = !isOnStream && body.length > 1024;
      // A confirmation that the store failed to take leaves a message behind that has arrived; a replay removes it.
      const mayRemain = world.plan.trouble !== undefined && received.has(keyOf(from, fingerprint));
      if (!isTooLong && !mayRemain)
        breaches.push(`${fingerprint} waits in the store though ${userId} is online`);
    }
  }
  return breaches;
}

/** A client that has logged out, and a server that is closed, has nothing scheduled any more. */
export function checkNothingScheduledBy(world: World, owners: readonly string[]): string[] {
  return world.clock
    .pendingRuns()
    .filter(({ owner }) => owners.includes(owner))
    .map(({ at, owner }) => `${owner} still has something scheduled for ${at} at ${world.clock.now()}`);
}

/** When everybody has left and what was under way has arrived, nothing is scheduled at all. */
export function checkNothingScheduled(world: World): string[] {
  return checkNothingScheduledBy(
    world,
    world.clock.pendingRuns().map(({ owner }) => owner),
  );
}

async function heldByStore(world: World): Promise<Set<string>> {
  const held = new Set<string>();
  for (const userId of [...world.plan.users, 'nobody', SERVER_ID]) {
    const waiting = (await world.store?.take(userId, undefined, EVERYTHING)) ?? [];
    for (const { from, fingerprint } of waiting) held.add(keyOf(from, fingerprint));
  }
  const dead = (await world.store?.deadLetters(undefined, EVERYTHING)) ?? [];
  for (const { from, fingerprint } of dead) held.add(keyOf(from, fingerprint));
  return held;
}
