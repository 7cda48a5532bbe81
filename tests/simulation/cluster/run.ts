import { checkArrived, checkNothingScheduled, checkNothingScheduledBy } from '../invariants.js';
import type { SentMessage } from '../journal.js';
import {
  checkClusterMessages,
  checkDirectories,
  checkEverybodyOnline,
  checkNothingWaits,
  checkOrder,
  checkWinner,
} from './cluster-invariants.js';
import { type ClusterSeams, ClusterWorld } from './cluster-world.js';
import { type ClusterPlan, type ClusterProfile, clusterPlan, RIVALS } from './plan.js';
import { Trouble } from './trouble.js';
import { Watch } from './watch.js';

/** How long everybody has to log in before the trouble begins, in milliseconds. */
const ARRIVAL_MS = 2000;

/**
 * How long it takes until a healed cluster is calm, in milliseconds: a client notices that its link is dead, comes back at a node
 * that may still have to start, and gets what waits for it.
 */
const HEALING_MS = 20_000;

/** How long the last messages need, in milliseconds. */
const DELIVERY_MS = 8000;

/** How long a client needs to come back, and to send what it has meanwhile, in milliseconds. */
const RETURN_MS = 5000;

/** Longest time between two logins that fight for a name, in milliseconds: shorter than their announcements need. */
const DUEL_MS = 20;

/** How long a logout takes, in milliseconds. */
const LOGOUT_MS = 500;

/** How long packets and closing connections outlast the end, in milliseconds, and turns that the closing needs. */
const AFTERMATH_MS = 12_000;
const CLOSING_TURNS = 100;

interface ClusterResult {
  readonly seed: number;
  readonly plan: ClusterPlan;
  /** The invariants that did not hold; empty for a good run. */
  readonly breaches: readonly string[];
  readonly trace: readonly string[];
  readonly messages: readonly SentMessage[];
  /** Pairs of messages in another order than sent, whose order is not promised. */
  readonly exceptedPairs: number;
}

/** Runs one seed from the first login to the end of the last node, and checks every invariant on the way. */
export async function runCluster(
  seed: number,
  seams: ClusterSeams = {},
  keepsTrace = false,
  profile?: ClusterProfile,
): Promise<ClusterResult> {
  const plan = clusterPlan(seed, profile);
  const world = new ClusterWorld(plan, seams, keepsTrace);
  const { breaches } = world.journal;
  await arrive(world);
  await makeTrouble(world);
  const watch = new Watch(world);
  await heal(world);
  const sentBefore = world.journal.sent.size;
  await stayCalm(world, watch);
  await duel(world, watch);
  await sendToAll(world, watch);
  breaches.push(...checkArrived(world, [...world.journal.sent.values()].slice(sentBefore)));
  breaches.push(
    ...checkEverybodyOnline(world),
    ...checkDirectories(world),
    ...(await checkNothingWaits(world)),
  );
  breaches.push(...(await checkClusterMessages(world)));
  const order = checkOrder(world);
  breaches.push(...order.breaches);
  await end(world);
  return {
    ...{ seed, plan, breaches, trace: world.journal.trace },
    messages: [...world.journal.sent.values()],
    exceptedPairs: order.excepted,
  };
}

/** The nodes start, and the first device of each user logs in, each at another instant. */
async function arrive(world: ClusterWorld): Promise<void> {
  const random = world.random.fork('arrival');
  const clock = world.clock.ownedBy('arrival');
  for (const node of world.nodes) node.start();
  for (const { device } of world.firstDevices)
    clock.schedule(clock.now() + random.between(0, ARRIVAL_MS / 2), () => device.login());
  await world.clock.advanceAsync(ARRIVAL_MS);
}

async function makeTrouble(world: ClusterWorld): Promise<void> {
  const trouble = new Trouble(world);
  trouble.start();
  await world.clock.advanceAsync(world.plan.troubleMs);
  trouble.stop();
}

async function heal(world: ClusterWorld): Promise<void> {
  world.journal.note('happens', 'everything heals');
  world.heal();
  for (const { device } of world.roamers)
    if (!world.firstDevices.some((each) => each.device === device)) device.logout();
  for (const { device } of world.firstDevices) device.stayLoggedIn();
  await world.clock.advanceAsync(HEALING_MS);
}

/** Messages, and users who move while messages are under way. */
async function stayCalm(world: ClusterWorld, watch: Watch): Promise<void> {
  const random = world.random.fork('calm');
  const { firstDevices, clock } = world;
  const later = (ms: number, run: () => void) => clock.ownedBy('calm').schedule(clock.now() + ms, run);
  for (let left = world.plan.calmMs; left > 0; ) {
    const [one, other] = [random.pick(firstDevices), random.pick(firstDevices)];
    const [to, text] = [other.device.userId, `in calm, ${left}`];
    const dice = random.next();
    if (dice < 0.5) one.device.send(to, text);
    else if (dice < 0.75) {
      other.roaming.hop();
      later(random.between(0, world.plan.moveMs), () => one.device.send(to, text));
    } else {
      one.device.send(to, text);
      later(random.between(0, world.plan.moveMs), () => {
        one.roaming.hop();
        one.device.send(to, `${text}, after a move`);
      });
    }
    const pauseMs = random.between(0, world.plan.calmPauseMs);
    await watch.advance(pauseMs);
    left -= pauseMs;
  }
  await watch.advance(RETURN_MS);
}

/** The devices of a user fight for the name: while one is online, and when both log in at once. */
async function duel(world: ClusterWorld, watch: Watch): Promise<void> {
  const random = world.random.fork('duel');
  const { clock } = world;
  const settleMs = world.plan.settleMs + 200;
  for (const userId of world.plan.users.slice(0, RIVALS)) {
    const rivals = world.devicesOf(userId).map(({ device }) => device);
    for (const device of rivals) device.settle();
    let since = world.started.length;
    rivals[1]?.login();
    await watch.advance(settleMs);
    world.journal.breaches.push(...checkWinner(world, userId, since));
    for (const device of rivals) device.logout();
    await watch.advance(LOGOUT_MS);
    since = world.started.length;
    for (const device of rivals)
      clock.ownedBy('duel').schedule(clock.now() + random.between(0, DUEL_MS), () => device.login());
    await watch.advance(settleMs);
    world.journal.breaches.push(...checkWinner(world, userId, since));
  }
}

/** Everybody who is online sends to everybody. */
async function sendToAll(world: ClusterWorld, watch: Watch): Promise<void> {
  for (const { device } of world.roamers) {
    if (device.client.state !== 'online') continue;
    for (const userId of world.plan.users) device.send(userId, `at last, from ${device.name}`);
  }
  await watch.advance(DELIVERY_MS);
}

/** Everybody logs out and the servers close. No timer and no connection may be left. */
async function end(world: ClusterWorld): Promise<void> {
  const { journal, clock, nodes } = world;
  for (const { device } of world.roamers) device.logout();
  await clock.advanceAsync(LOGOUT_MS);
  const open = new Set(nodes.map(({ name }) => name));
  for (const node of nodes)
    void node.close().then(() => {
      open.delete(node.name);
      journal.breaches.push(...checkNothingScheduledBy(world, [`node ${node.name}`]));
    });
  await clock.advanceAsync(AFTERMATH_MS, CLOSING_TURNS);
  for (const name of open) journal.breach(`node ${name} did not finish closing`);
  if (world.openConnections.size > 0)
    journal.breach(`${world.openConnections.size} connections are still open`);
  journal.breaches.push(...checkNothingScheduled(world));
}
