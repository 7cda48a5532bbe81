import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Ledger } from '../ledger.js';
import { pause } from '../traffic.js';
import { BridgeTraffic } from './bridge-traffic.js';
import { BridgedServer } from './bridged-server.js';
import { canMakeBroker, PrivateBroker } from './private-broker.js';
import { WebEdition } from './web-edition.js';

/**
 * The bridge proof: restarts a real RabbitMQ, every fourth time after a kill, while users of both systems send to each
 * other. Every second time the server is killed with `kill -9` as well. The last line counts acknowledged messages, and
 * those that are missing or duplicated. The exit code is 0 only when the last two are 0.
 *
 * `npm run proof:bridge -- --restarts 20 [--rate 1000] [--early]`; exit code 2 for an invalid command line, or when there is
 * no RabbitMQ. `--rate` is messages per second in each direction.
 */
const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    early: { type: 'boolean', default: false },
  },
});
/** When the server is killed: before the restart of the broker, during it, or after it while a backlog is published. */
const INSTANTS = ['before', 'during', 'after'] as const;

const restarts = wholeNumber('restarts', values.restarts);
const rate = wholeNumber('rate', values.rate);
if (!canMakeBroker()) fail('this machine has no RabbitMQ server: install rabbitmq-server');

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-bridge-'));
const [toWeb, fromWeb] = [new Ledger(), new Ledger()];
const broker = await PrivateBroker.make();
const server = new BridgedServer(join(folder, 'messages.db'), broker.url, values.early ? ['--early'] : []);
const queues = { app2web: 'q_app2web', web2app: 'q_web2app', dead: 'q_web2app.dead' };
const recoveries: number[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
}
try {
  process.exitCode = (await prove()) ? 0 : 1;
} finally {
  await cleanUp();
}
process.exit();

/** The broker has its own process group, so it must be ended explicitly. */
async function cleanUp(): Promise<void> {
  await server.kill();
  await broker.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function prove(): Promise<boolean> {
  await server.start();
  await broker.start();
  await joined(Date.now());
  const web = new WebEdition(broker.url, queues);
  await web.read();
  const traffic = new BridgeTraffic({ port: () => server.port, web, toWeb, fromWeb, rate });
  await traffic.start();
  for (let restart = 1; restart <= restarts; restart++) {
    const killed = restart % 2 === 0 ? INSTANTS[(restart / 2 - 1) % INSTANTS.length] : undefined;
    const [before, since] = [acknowledged(), performance.now()];
    await pause(1000 + Math.random() * 2000);
    const rates = ratesOf(before, since);
    if (killed === 'before') {
      await killServer();
      await joined(Date.now());
      await pause(Math.random() * 1000);
    }
    const signal = restart % 4 === 0 ? 'SIGKILL' : 'SIGTERM';
    await broker.stop(signal);
    await pause(Math.random() * 1500);
    if (killed === 'during') await killServer();
    await broker.start();
    const recovery = await joined(Date.now());
    recoveries.push(recovery);
    if (killed === 'after') {
      await pause(Math.random() * 500);
      await killServer();
      await joined(Date.now());
    }
    const server = killed === undefined ? '' : `, server killed ${killed} the restart`;
    process.stderr.write(
      `${restart} of ${restarts}: at ${rates} messages/s broker stopped with ${signal}${server}, joined after ${recovery} ms\n`,
    );
  }
  await pause(2000);
  await traffic.stop();
  await settle();
  const dead = await web.count('dead');
  const [out, back] = [toWeb.verdict(), fromWeb.verdict()];
  const missing = out.missing + back.missing;
  const duplicated = out.duplicated + back.duplicated;
  await traffic.close();
  recoveries.sort((a, b) => a - b);
  const [p50, max] = [recoveries[Math.floor((recoveries.length - 1) / 2)], recoveries.at(-1)];
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(
    `${restarts} restarts in ${seconds} s, ${out.acknowledged} + ${back.acknowledged} acknowledged, ` +
      `${missing} missing (${out.missing} to the Web edition, ${back.missing} from it), ${duplicated} duplicated, ` +
      `${dead} dead letters; ${traffic.copies} duplicates detected, ${out.outOfOrder + back.outOfOrder} out of order; ` +
      `rejoined after p50 ${p50} ms, max ${max} ms`,
  );
  return out.acknowledged > 0 && back.acknowledged > 0 && missing + duplicated + dead === 0;
}

function acknowledged(): readonly number[] {
  return [toWeb, fromWeb].map((ledger) => ledger.verdict().acknowledged);
}

/** Acknowledged messages per second since then, in each direction. */
function ratesOf(before: readonly number[], since: number): string {
  const seconds = (performance.now() - since) / 1000;
  return acknowledged()
    .map((count, index) => Math.round((count - (before[index] ?? 0)) / seconds))
    .join(' + ');
}

async function killServer(): Promise<void> {
  await server.kill();
  await pause(Math.random() * 300);
  await server.start();
}

/** Waits until the bridge has joined. Returns the time since `since`, in milliseconds. */
async function joined(since: number): Promise<number> {
  while (server.joinedAt === undefined) {
    if (server.failure !== undefined) throw server.failure;
    await pause(5);
  }
  return Math.max(0, server.joinedAt - since);
}

/** Waits until all acknowledged messages have been received, or none has arrived for 15 s. */
async function settle(): Promise<void> {
  let [lastReceived, quietMs] = [-1, 0];
  while (toWeb.open().size + fromWeb.open().size > 0 && quietMs < 15_000) {
    const received = toWeb.verdict().received + fromWeb.verdict().received;
    quietMs = received === lastReceived ? quietMs + 200 : 0;
    lastReceived = received;
    await pause(200);
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  return fail(`--${name} must be a whole number from 1, got ${JSON.stringify(text)}`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
