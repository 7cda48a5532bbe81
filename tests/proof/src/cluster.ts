import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CutProxy } from '../../../packages/cli/dist/dev/cut-proxy.js';
import { findNats } from '../../../packages/cli/dist/dev/find-program.js';
import { createNats } from '../../../packages/cli/dist/dev/private-servers.js';
import { randomActs, type Stage } from './cluster/acts.js';
import { type ClusterVerdict, check } from './cluster/checker.js';
import { ClientProcess } from './cluster/client-process.js';
import { JournalFile, mergeJournals } from './cluster/journal.js';
import { machineTime } from './cluster/machine-clock.js';
import { FAULTS, MAIN, type NodeFault, NodeProcess } from './cluster/node-process.js';
import { OldVersion } from './cluster/old-version.js';
import { CLIENT_PROCESSES, MEMBERS } from './cluster/population.js';
import { hasPostgresServer, PrivatePostgres } from './cluster/private-postgres.js';
import { describeRecovery, describeRun, describeViolations } from './cluster/report.js';
import { Watch } from './cluster/watch.js';
import { stablePort } from './stable-port.js';
import { pause } from './traffic.js';

/**
 * The cluster proof: three node processes on a PostgreSQL and a NATS of their own, and 300 clients in processes of their own,
 * half of them ours and half of them original ones, on TCP, UDP and WebSocket, which send to each other all the time and move
 * from node to node. At random a node is killed with `kill -9`, restarted, paused or cut from NATS; NATS is stopped, killed or
 * hung; PostgreSQL is restarted, cleanly or as after a crash. The clients write down what happens, and the checker judges from
 * their files: see `cluster/checker.ts`. The last line counts what must be 0; the exit code is 0 only if all of it is.
 *
 * `npm run proof:cluster -- [--minutes 2] [--upgrade-from COMMIT] [--fault early|deaf|blind]`; exit code 2 for an invalid command line, or when there
 * is no NATS or PostgreSQL. With a fault the nodes break a rule on purpose (see `cluster/node-main.ts`), and the run ends as
 * soon as that is seen. With a commit all nodes begin as that version, and each node that starts again is of that version or of
 * this one, at random. The journals of a run that fails without `--fault` are kept, in the folder that is named.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    fault: { type: 'string' },
    'upgrade-from': { type: 'string' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 1440))
  fail(`--minutes must be a number above 0, got ${JSON.stringify(values.minutes)}`);
const fault = FAULTS.find((name) => name === values.fault);
if (values.fault !== undefined && fault === undefined)
  fail(`--fault must be one of ${FAULTS.join(', ')}, got ${JSON.stringify(values.fault)}`);
const oldCommit = values['upgrade-from'];
const oldVersion = oldCommit === undefined ? undefined : OldVersion.build(oldCommit);
const programs = oldVersion === undefined ? [MAIN] : [oldVersion.nodeProgram, MAIN];
const natsProgram = findNats() ?? fail('this machine has no nats-server');
if (!hasPostgresServer) fail('this machine has no PostgreSQL server');

/** The recovery when all clients log in for the first time is measured as well, under this name. */
const START = 'start';
const startedAt = machineTime();
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-cluster-'));
const clientJournals = Array.from({ length: CLIENT_PROCESSES }, (_, index) =>
  join(folder, `clients-${index}`),
);
const proofJournal = join(folder, 'proof');
const journals = [...clientJournals, proofJournal];
// They are read from the beginning on.
for (const path of journals) closeSync(openSync(path, 'a'));
const journal = new JournalFile(proofJournal);
const stage = await makeStage(fault);
const clients = clientJournals.map((path, index) => new ClientProcess(index, path));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
let isKept = false;
try {
  process.exitCode = (await Promise.race([prove(), ...clients.map(({ ended }) => ended)])) ? 0 : 1;
} finally {
  await cleanUp();
}
process.exit();

async function prove(): Promise<boolean> {
  const watch = new Watch(stage.nodes, clients, journals);
  const caughtAfterMs = await runActs(watch);
  await Promise.all(clients.map((client) => client.stopLoad()));
  await settle();
  watch.close();
  const waiting = await stage.postgres.countWaiting();
  const verdict = check(mergeJournals(journals));
  const seconds = (machineTime() - startedAt) / 1000;
  console.log(describeRun(verdict));
  if (caughtAfterMs !== undefined) console.log(`caught after ${(caughtAfterMs / 1000).toFixed(0)} s`);
  const faults = [...verdict.recoveries.values()].flat().length - 1;
  console.log(
    `${faults} faults in ${seconds.toFixed(0)} s, ${verdict.acknowledged} acknowledged, ${describeViolations(verdict, waiting)}, ` +
      `nodes ${verdict.isAgreed ? 'agree' : 'do not agree'}`,
  );
  const { missing, offline } = verdict.violations;
  const isSettled = missing + offline + waiting === 0 && verdict.isAgreed;
  const isProven = verdict.acknowledged > 0 && isSettled && !hasFailed(verdict.violations);
  isKept = !isProven && fault === undefined;
  if (isKept) {
    process.stderr.write(`${verdict.examples.join('\n')}\njournals: ${folder}\n`);
    if (waiting > 0) process.stderr.write(await stage.postgres.describeWaiting());
  }
  return isProven;
}

/**
 * Breaks one thing after the other until the time is over. With nodes that break a rule on purpose, until that is seen:
 * returns how long that took, in milliseconds.
 */
async function runActs(watch: Watch): Promise<number | undefined> {
  const beganAt = machineTime();
  const write = (act: string, closed?: string) =>
    journal.add({ kind: 'began', at: machineTime(), act, closed });
  write(START);
  let repair: (() => Promise<void>) | undefined;
  for (const act of randomActs()) {
    journal.add({ kind: 'ended', at: machineTime() });
    const recovery = await watch.recovery();
    if (process.stderr.isTTY) process.stderr.write(`${describeRecovery(recovery)}\n`);
    await repair?.();
    journal.add({ kind: 'calm', at: machineTime() });
    watch.spread();
    await pause(4000 + Math.random() * 2000);
    const tookMs = machineTime() - beganAt;
    if (fault !== undefined && hasFailed(check(mergeJournals(journals)).violations)) return tookMs;
    if (tookMs >= minutes * 60_000) return undefined;
    if (process.stderr.isTTY) process.stderr.write(`${act.name}: `);
    repair = await act.run(stage, (closed) => write(act.name, closed));
  }
  return undefined;
}

/** Whether what can be judged while messages are under way is not 0. */
function hasFailed(violations: ClusterVerdict['violations']): boolean {
  const { duplicated, outOfOrder, late, kicked, twiceOnline, unrecovered } = violations;
  return duplicated + outOfOrder + late + kicked + twiceOnline + unrecovered > 0;
}

/** Waits until nothing is in the table and all nodes know all users, at most for 20 s, or for 5 s with a fault. */
async function settle(): Promise<void> {
  for (const until = machineTime() + (fault === undefined ? 20_000 : 5000); machineTime() < until; ) {
    const isKnown = stage.nodes.every(({ report }) => report?.known === MEMBERS.length);
    if (isKnown && (await stage.postgres.countWaiting()) === 0) break;
    await pause(500);
  }
  // What was written to a client just now is in its journal after a moment, and each node reports once more.
  await pause(1000);
}

async function makeStage(broken: NodeFault | undefined): Promise<Stage> {
  const postgres = await PrivatePostgres.make();
  await postgres.start();
  const nats = await createNats(natsProgram, await stablePort());
  await nats.start();
  const proxies: CutProxy[] = [];
  const nodes: NodeProcess[] = [];
  for (const nodeId of ['a', 'b', 'c']) {
    const proxy = await CutProxy.open('127.0.0.1', nats.port);
    proxies.push(proxy);
    const url = `nats://127.0.0.1:${proxy.port}`;
    const node = await NodeProcess.create(nodeId, postgres.url, url, broken, programs, (from, report) =>
      journal.add({ kind: 'report', at: machineTime(), node: from, ...report }),
    );
    await node.start();
    nodes.push(node);
  }
  while (!nodes.every(({ report }) => report?.nodes.length === nodes.length - 1)) await pause(50);
  return { postgres, nats, proxies, nodes };
}

/** Not all that the proof has started ends with it. */
async function cleanUp(): Promise<void> {
  for (const client of clients) client.kill();
  for (const node of stage.nodes) await node.stop('SIGKILL');
  for (const proxy of stage.proxies) proxy.close();
  stage.nats.resume();
  await stage.nats.remove();
  await stage.postgres.remove();
  oldVersion?.remove();
  if (!isKept) rmSync(folder, { recursive: true, force: true });
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
