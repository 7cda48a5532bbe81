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
 * The proof of the bridge: a real RabbitMQ is stopped and started, every fourth time killed, while users of both
 * systems write to each other; every second time the server is killed with -9 as well, at one instant after another. Ends
 * with a line that counts what was acknowledged, and what of it is missing or came to an application twice; exit code 0 only
 * when the last two are 0.
 *
 * `npm run proof:bridge -- --restarts 20 [--rate 1000] [--early]`; exit code 2 when the command line cannot be read or
 * there is no RabbitMQ to be started. `--rate` is messages a second in each direction.
 */
const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    early: { type: 'boolean', default: false },
  },
});
/** When the server is killed: in full traffic, without a broker, or while it works off what has gathered meanwhile. */
const INSTANTS = ['in traffic', 'without the broker', 'behind the broker'] as const;

const restarts = wholeNumber('restarts', values.restarts);
const rate = wholeNumber('rate', values.rate);
if (!canMakeBroker()) refuse('there is no RabbitMQ server on this machine: install rabbitmq-server');

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

/** The broker is no child of this process group: nobody else ends it. */
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
    if (killed === 'in traffic') {
      await killServer();
      await joined(Date.now());
      await pause(Math.random() * 1000);
    }
    const signal = restart % 4 === 0 ? 'SIGKILL' : 'SIGTERM';
    await broker.stop(signal);
    await pause(Math.random() * 1500);
    if (killed === 'without the broker') await killServer();
    await broker.start();
    const recovery = await joined(Date.now());
    recoveries.push(recovery);
    if (killed === 'behind the broker') {
      await pause(Math.random() * 500);
      await killServer();
      await joined(Date.now());
    }
    const server = killed === undefined ? '' : `, server killed ${killed}`;
    process.stderr.write(
      `${restart} of ${restarts}: at ${rates} messages/s broker ended by ${signal}${server}, joined after ${recovery} ms\n`,
    );
  }
  await pause(2000);
  await traffic.stop();
  await settle();
  const dead = await web.count('dead');
  const [out, back] = [toWeb.verdict(), fromWeb.verdict()];
  const missing = out.missing + back.missing;
  const handedTwice = out.handedTwice + back.handedTwice;
  await traffic.close();
  recoveries.sort((a, b) => a - b);
  const [p50, max] = [recoveries[Math.floor((recoveries.length - 1) / 2)], recoveries.at(-1)];
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(
    `${restarts} restarts in ${seconds} s, ${out.acknowledged} + ${back.acknowledged} acknowledged, ` +
      `${missing} missing (${out.missing} to the Web edition, ${back.missing} from it), ${handedTwice} handed twice, ` +
      `${dead} dead letters; ${traffic.copies} copies seen through, ${out.outOfOrder + back.outOfOrder} out of order; ` +
      `joined again after p50 ${p50} ms, max ${max} ms`,
  );
  return out.acknowledged > 0 && back.acknowledged > 0 && missing + handedTwice + dead === 0;
}

function acknowledged(): readonly number[] {
  return [toWeb, fromWeb].map((ledger) => ledger.verdict().acknowledged);
}

/** Messages a second that were acknowledged since then, in each direction. */
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

/** How long it takes from `since` until the bridge has joined, in milliseconds. */
async function joined(since: number): Promise<number> {
  while (server.joinedAt === undefined) {
    if (server.failure !== undefined) throw server.failure;
    await pause(5);
  }
  return Math.max(0, server.joinedAt - since);
}

/** Waits until all that was acknowledged is handed, as long as anything still comes. */
async function settle(): Promise<void> {
  let [lastHanded, quietMs] = [-1, 0];
  while (toWeb.open().size + fromWeb.open().size > 0 && quietMs < 15_000) {
    const handed = toWeb.verdict().handed + fromWeb.verdict().handed;
    quietMs = handed === lastHanded ? quietMs + 200 : 0;
    lastHanded = handed;
    await pause(200);
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  return refuse(`--${name} is ${JSON.stringify(text)}, allowed are whole numbers from 1`);
}

function refuse(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
