import {
  acknowledgedIsReceivedOrHeld,
  receivedAsSent,
  receivedAtMostOnce,
  settled,
  wasOvertaken,
} from '../invariants.js';
import { keyOf, type ReceivedMessage, type SentMessage } from '../journal.js';
import type { ClusterWorld } from './cluster-world.js';
import type { StartedSession } from './node-parts.js';

/** Checks what must hold when all messages have settled. Returns the breaches. */
export async function checkClusterMessages(world: ClusterWorld): Promise<string[]> {
  const held = new Set<string>();
  for (const userId of world.plan.users)
    for (const { from, fingerprint } of await world.waiting(userId)) held.add(keyOf(from, fingerprint));
  return [
    ...receivedAtMostOnce(world),
    ...receivedAsSent(world),
    ...settled(world),
    ...acknowledgedIsReceivedOrHeld(world, held),
  ];
}

/** What came of the order of messages. */
interface OrderResult {
  readonly breaches: readonly string[];
  /** Pairs of messages in the wrong order whose order is not promised. */
  readonly excepted: number;
}

/** A message that a device has received, and how it was sent. */
interface Arrival {
  readonly received: ReceivedMessage;
  readonly sent: SentMessage;
}

/**
 * Messages of one device to another arrive in the order in which they were sent. Not promised for a message that was not
 * acknowledged or was retransmitted, for one that a server reported as overtaken (`replayDelayed`), and for what another device of
 * the user has received before: its confirmation may have failed.
 */
export function checkOrder(world: ClusterWorld): OrderResult {
  const pairs = new Map<string, Arrival[]>();
  const handed = new Set<string>();
  for (const received of world.journal.received) {
    const sent = world.journal.find(received.from, received.fingerprint);
    const key = `${received.userId} ${keyOf(received.from, received.fingerprint)}`;
    if (sent === undefined || handed.has(key)) continue;
    handed.add(key);
    const pair = `${sent.by} → ${received.to}`;
    const arrivals = pairs.get(pair) ?? [];
    arrivals.push({ received, sent });
    pairs.set(pair, arrivals);
  }
  const breaches: string[] = [];
  let excepted = 0;
  for (const [pair, arrivals] of pairs) {
    for (const [earlier, later] of inverted(arrivals)) {
      if (!hasPromisedOrder(world, earlier.sent) || !hasPromisedOrder(world, later.sent)) excepted += 1;
      else if (wasOvertaken(world, later.sent, later.received.at)) excepted += 1;
      else
        breaches.push(
          `${pair}: ${later.sent.fingerprint} came after ${earlier.sent.fingerprint}, which was sent later`,
        );
    }
  }
  return { breaches, excepted };
}

/** The pairs of arrivals of which the second one was sent first. */
function inverted(arrivals: readonly Arrival[]): (readonly [Arrival, Arrival])[] {
  const found: (readonly [Arrival, Arrival])[] = [];
  let latest = 0;
  for (const [index, later] of arrivals.entries()) {
    if (later.sent.sequence > latest) latest = later.sent.sequence;
    else
      for (const earlier of arrivals.slice(0, index))
        if (earlier.sent.sequence > later.sent.sequence) found.push([earlier, later]);
  }
  return found;
}

function hasPromisedOrder(
  world: ClusterWorld,
  { from, fingerprint, acknowledgements, isRepeated }: SentMessage,
): boolean {
  const copies = world.copies.get(keyOf(from, fingerprint)) ?? 0;
  return acknowledgements > 0 && copies === 1 && !isRepeated;
}

/** In calm: each user of these has one session, at one node. */
export function checkEverybodyOnline(world: ClusterWorld): string[] {
  return world.plan.users.flatMap((userId) => {
    const sessions = world.sessionsOf(userId);
    const clients = world.devicesOf(userId).filter(({ device }) => device.client.state === 'online');
    const breaches: string[] = [];
    if (sessions.length !== 1) breaches.push(`${userId} has ${sessions.length} sessions, should have one`);
    if (clients.length !== 1)
      breaches.push(`${userId} has ${clients.length} clients online, should have one`);
    return breaches;
  });
}

/** In calm: all nodes know all nodes, and where all users are. */
export function checkDirectories(world: ClusterWorld): string[] {
  const breaches: string[] = [];
  for (const { name, server } of world.nodes) {
    const view = server?.cluster;
    if (view === undefined) {
      breaches.push(`node ${name} does not run`);
      continue;
    }
    const peers = view.nodes().map(({ nodeId }) => nodeId);
    if (peers.length !== world.nodes.length - 1)
      breaches.push(`node ${name} knows the nodes ${peers.join()}`);
    let online = 0;
    for (const userId of world.plan.users) {
      const actual = world.sessionsOf(userId).map(({ node }) => node.name);
      const known = view.whereIs(userId).map(({ nodeId }) => nodeId);
      if (actual.length > 0) online += 1;
      if (actual.sort().join() !== known.sort().join())
        breaches.push(
          `${userId} is at ${actual.join() || 'no node'}, for node ${name} at ${known.join() || 'no node'}`,
        );
    }
    if (view.onlineCount !== online)
      breaches.push(`node ${name} counts ${view.onlineCount} users, there are ${online}`);
  }
  return breaches;
}

/** In calm: nothing waits for who is online. */
export async function checkNothingWaits(world: ClusterWorld): Promise<string[]> {
  const breaches: string[] = [];
  for (const userId of world.plan.users) {
    if (world.sessionsOf(userId).length === 0) continue;
    for (const { from, fingerprint } of await world.waiting(userId))
      breaches.push(`${fingerprint} from ${from} waits in the store although ${userId} is online`);
  }
  return breaches;
}

/** Of the sessions that started in a duel, the one with the latest first login is left. */
export function checkWinner(world: ClusterWorld, userId: string, since: number): string[] {
  const fought = world.started.slice(since).filter((each: StartedSession) => each.userId === userId);
  const expected = Math.max(...fought.map(({ firstLoginTime }) => firstLoginTime));
  const sessions = world.sessionsOf(userId);
  const left = sessions.map(({ session }) => session.firstLoginTime);
  if (left.length === 1 && left[0] === expected) return [];
  const story = fought.map(
    ({ nodeId, firstLoginTime, at }) => `${nodeId} ${firstLoginTime} at ${at.toFixed(1)}`,
  );
  return [
    `${userId} should have the session ${expected}, has ${left.join() || 'none'} of ${story.join(', ')}`,
  ];
}
