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
 * systems write to each other; every second time the server is killed with -9 as well. Ends with a line that counts what
 * was acknowledged, and what of it is missing or came to an application twice; exit code 0 only when the last two are 0.
 *
 * `npm run proof:bridge -- --restarts 20 [--rate 500] [--early]`; exit code 2 when the command line cannot be read or
 * there is no RabbitMQ to be started. `--rate` is messages a second in each direction.
 */
const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '20' },
    rate: { type: 'string', default: '500' },
    early: { type: 'boolean', default: false },
  },
});
const restarts = wholeNumber('restarts', values.restarts);
const rate = wholeNumber('rate', values.rate);
if (!canMakeBroker()) refuse('there is no RabbitMQ server on this machine: install rabbitmq-server');

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-bridge-'));
const ledger = new Ledger();
const broker = await PrivateBroker.make();
const server = new BridgedServer(join(folder, 'messages.db'), broker.url, values.early ? ['--early'] : []);
const queues = { app2web: 'q_app2web', web2app: 'q_web2app', dead: 'q_web2app.dead' };
const recoveries: number[] = [];
try {
  process.exitCode = (await prove()) ? 0 : 1;
} finally {
  await server.kill();
  await broker.remove();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

async function prove(): Promise<boolean> {
  await server.start();
  await broker.start();
  await joined(Date.now());
  const web = new WebEdition(broker.url, queues);
  await web.read();
  const traffic = new BridgeTraffic({ port: () => server.port, web, ledger, rate });
  await traffic.start();
  for (let restart = 1; restart <= restarts; restart++) {
    await pause(1000 + Math.random() * 2000);
    const isKilled = restart % 4 === 0;
    await broker.stop(isKilled ? 'SIGKILL' : 'SIGTERM');
    await pause(Math.random() * 1500);
    if (restart % 2 === 0) {
      await server.kill();
      await pause(Math.random() * 300);
      await server.start();
    }
    await broker.start();
    const recovery = await joined(Date.now());
    recoveries.push(recovery);
    const { acknowledged } = ledger.verdict();
    const how = isKilled ? 'killed' : 'stopped';
    process.stderr.write(
      `${restart} of ${restarts}: broker ${how}, joined after ${recovery} ms, ${acknowledged} acknowledged\n`,
    );
  }
  await pause(2000);
  await traffic.stop();
  await settle();
  const dead = await web.count('dead');
  const { acknowledged, missing, handedTwice, outOfOrder } = ledger.verdict();
  await traffic.close();
  recoveries.sort((a, b) => a - b);
  const [p50, max] = [recoveries[Math.floor((recoveries.length - 1) / 2)], recoveries.at(-1)];
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(
    `${restarts} restarts in ${seconds} s, ${acknowledged} acknowledged, ${missing} missing, ${handedTwice} handed twice, ` +
      `${dead} dead letters; ${traffic.copies} copies seen through, ${outOfOrder} out of order; ` +
      `joined again after p50 ${p50} ms, max ${max} ms`,
  );
  return acknowledged > 0 && missing + handedTwice + dead === 0;
}

/** How long it takes from `since` until the bridge has joined, in milliseconds. */
async function joined(since: number): Promise<number> {
  while (server.joinedAt === undefined) await pause(5);
  return Math.max(0, server.joinedAt - since);
}

/** Waits until all that was acknowledged is handed, as long as anything still comes. */
async function settle(): Promise<void> {
  let [lastHanded, quietMs] = [-1, 0];
  while (ledger.open().size > 0 && quietMs < 15_000) {
    const { handed } = ledger.verdict();
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
