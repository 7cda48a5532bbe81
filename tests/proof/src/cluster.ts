import { parseArgs } from 'node:util';
import { randomActs, type Stage } from './cluster/acts.js';
import { CutProxy } from './cluster/cut-proxy.js';
import { Journal, judge } from './cluster/journal.js';
import { Load } from './cluster/load.js';
import { MeetingPlace, type ProofUser } from './cluster/meeting-place.js';
import { FAULTS, type NodeFault, NodeProcess } from './cluster/node-process.js';
import { OriginalUser } from './cluster/original-user.js';
import { hasNatsServer, PrivateNats } from './cluster/private-nats.js';
import { hasPostgresServer, PrivatePostgres } from './cluster/private-postgres.js';
import { RoamingUser } from './cluster/roaming-user.js';
import { type Recovery, Watch } from './cluster/watch.js';
import { KINDS } from './proof-client.js';
import { pause } from './traffic.js';

/**
 * The cluster proof: three node processes on a PostgreSQL and a NATS of their own, whose users, also original clients, move
 * from node to node and send to each other all the time. At random a node is killed with `kill -9`, paused or cut from NATS,
 * NATS is stopped or paused, or PostgreSQL restarted. The last line counts acknowledged messages, and what must be 0:
 * messages that are missing, duplicated or out of order, users that were kicked out, that were at two nodes for too long or
 * that are not online at the end, faults without recovery within 30 s, and messages that still wait. The exit code is 0 only if all are.
 *
 * `npm run proof:cluster -- [--minutes 2] [--fault early|deaf|blind]`; exit code 2 for an invalid command line, or when there
 * is no NATS or PostgreSQL. With a fault the nodes break a rule on purpose: see `cluster/node-main.ts`.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, fault: { type: 'string' } },
});
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 1440))
  fail(`--minutes must be a number above 0, got ${JSON.stringify(values.minutes)}`);
const fault = FAULTS.find((name) => name === values.fault);
if (values.fault !== undefined && fault === undefined)
  fail(`--fault must be one of ${FAULTS.join(', ')}, got ${JSON.stringify(values.fault)}`);
if (!hasNatsServer) fail('this machine has no nats-server');
if (!hasPostgresServer) fail('this machine has no PostgreSQL server');

const USERS_OF_A_KIND = 3;
const startedAt = performance.now();
const stage = await makeStage(fault);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  process.exitCode = (await prove()) ? 0 : 1;
} finally {
  await cleanUp();
}
process.exit();

async function prove(): Promise<boolean> {
  const { nodes, postgres } = stage;
  const journal = new Journal();
  const users = createUsers(new MeetingPlace(nodes), journal);
  const watch = new Watch(nodes, users, journal);
  for (const user of users) user.start();
  const load = new Load(users);
  load.start();
  await watch.recovery(performance.now());
  const recoveries = await runActs(watch);
  await load.stop();
  const settled = await settle(watch, users, () => judge(journal.entries, delayedOf(nodes)).missing);
  const waiting = await postgres.countWaiting();
  const verdict = judge(journal.entries, delayedOf(nodes));
  const offline = users.filter(({ isOnline }) => !isOnline).length;
  const twice = watch.twiceOnline.size;
  const all = [...recoveries.values()].flat();
  const unrecovered = all.filter(
    ({ onlineMs, messagesMs }) => onlineMs === undefined || messagesMs === undefined,
  ).length;
  for (const [name, times] of recoveries) console.log(describeTimes(name, times));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const { acknowledged, missing, duplicated, outOfOrder, exempt, kicked } = verdict;
  console.log(
    `${all.length} faults in ${seconds} s, ${acknowledged} acknowledged, ${missing} missing, ${duplicated} duplicated, ` +
      `${outOfOrder} out of order (and ${exempt} while PostgreSQL did not answer), ${kicked} kicked out, ${twice} online twice, ` +
      `${offline} offline, ${unrecovered} not recovered, ${waiting} waiting, nodes ${settled ? 'agree' : 'do not agree'}`,
  );
  for (const user of users) await user.close();
  const faults = missing + duplicated + outOfOrder + kicked + twice + offline + unrecovered + waiting;
  return acknowledged > 0 && settled && faults === 0;
}

/** Breaks one thing after the other until the time is over. Returns the recoveries by the name of the act. */
async function runActs(watch: Watch): Promise<Map<string, Recovery[]>> {
  const recoveries = new Map<string, Recovery[]>();
  const until = performance.now() + minutes * 60_000;
  for (const act of randomActs()) {
    watch.spread();
    await watch.calm(4000 + Math.random() * 3000);
    if (performance.now() >= until) break;
    const repair = await act.run(stage);
    const recovery = await watch.recovery(performance.now());
    await repair?.();
    recoveries.set(act.name, [...(recoveries.get(act.name) ?? []), recovery]);
    const [online, messages] = [recovery.onlineMs, recovery.messagesMs].map(toText);
    process.stderr.write(`${act.name}: all online after ${online}, messages everywhere after ${messages}\n`);
  }
  return recoveries;
}

/** Waits until everything has arrived, at most for 20 s. Returns whether the nodes agree. */
async function settle(watch: Watch, users: readonly ProofUser[], missing: () => number): Promise<boolean> {
  for (const until = performance.now() + 20_000; performance.now() < until; ) {
    const isOnline = users.every((user) => user.isOnline);
    if (isOnline && watch.agree && missing() === 0 && (await stage.postgres.countWaiting()) === 0)
      return true;
    await watch.calm(500);
  }
  return watch.agree;
}

function createUsers(place: MeetingPlace, journal: Journal): ProofUser[] {
  const numbers = Array.from({ length: USERS_OF_A_KIND }, (_, index) => index + 1);
  return numbers.flatMap((number): ProofUser[] => [
    ...KINDS.map((kind) => new RoamingUser(`${kind}-${number}`, kind, place, journal)),
    new OriginalUser(`v6-${number}`, place, journal),
  ]);
}

async function makeStage(broken: NodeFault | undefined): Promise<Stage> {
  const postgres = await PrivatePostgres.make();
  await postgres.start();
  const nats = await PrivateNats.make();
  await nats.start();
  const ways: CutProxy[] = [];
  const nodes: NodeProcess[] = [];
  for (const nodeId of ['a', 'b', 'c']) {
    const way = await CutProxy.open(nats.port);
    ways.push(way);
    const node = await NodeProcess.create(nodeId, postgres.url, `nats://127.0.0.1:${way.port}`, broken);
    await node.start();
    nodes.push(node);
  }
  while (!nodes.every(({ report }) => report?.nodes.length === nodes.length - 1)) await pause(50);
  return { postgres, nats, ways, nodes };
}

/** Servers that the proof has started do not end with it. */
async function cleanUp(): Promise<void> {
  for (const node of stage.nodes) await node.kill();
  for (const way of stage.ways) way.close();
  stage.nats.resume();
  await stage.nats.stop('SIGKILL');
  await stage.postgres.remove();
}

function delayedOf(nodes: readonly NodeProcess[]): ReadonlySet<string> {
  return new Set(nodes.flatMap(({ delayed }) => [...delayed]));
}

function describeTimes(name: string, times: readonly Recovery[]): string {
  const of = (values: readonly (number | undefined)[]) => {
    const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    return `p50 ${toText(sorted[Math.floor((sorted.length - 1) / 2)])}, max ${toText(sorted.at(-1))}`;
  };
  const [online, messages] = [times.map((each) => each.onlineMs), times.map((each) => each.messagesMs)];
  return `${name}: ${times.length}; all online ${of(online)}; messages everywhere ${of(messages)}`;
}

function toText(ms: number | undefined): string {
  return ms === undefined || ms === Number.POSITIVE_INFINITY ? 'over 30 s' : `${(ms / 1000).toFixed(2)} s`;
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
