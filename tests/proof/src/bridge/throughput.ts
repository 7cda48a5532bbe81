import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ImClient, silentLogger, tcp } from '@imcore/client/node';
import { pause } from '../traffic.js';
import { BridgedServer } from './bridged-server.js';
import { PrivateBroker } from './private-broker.js';
import { WebEdition } from './web-edition.js';

/**
 * Measures the throughput of the bridge in each direction, with publisher confirms, and its cost for messages between
 * local users. Broker, server, and one process for all users of both systems run on this machine.
 *
 * `npm run bench:bridge`
 */
const SECONDS = 4;
const ROUNDS = 9;
const CLIENTS = 8;
const WINDOW = 64;

const folder = mkdtempSync(join(tmpdir(), 'imcore-bench-bridge-'));
const broker = await PrivateBroker.make();
const queues = { app2web: 'q_app2web', web2app: 'q_web2app', dead: 'q_web2app.dead' };
await broker.start();
try {
  await acrossTheBridge();
  await betweenLocalUsers();
} finally {
  await broker.remove();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

async function acrossTheBridge(): Promise<void> {
  const server = await startServer('across.db', []);
  while (server.joinedAt === undefined) await pause(10);
  const web = new WebEdition(broker.url, queues);
  await web.read();
  const clients = await login(server);
  const content = 'x'.repeat(100);
  await measure('to the Web edition', server, (isOver) =>
    clients.flatMap((client, index) =>
      repeat(WINDOW, isOver, async () => {
        await client.send({ to: `web-${index}`, content });
        return 1;
      }),
    ),
  );
  const waiting = new Map<string, () => void>();
  for (const client of clients) {
    client.on('message', ({ fingerprint = '' }) => {
      waiting.get(fingerprint)?.();
      waiting.delete(fingerprint);
    });
  }
  let number = 0;
  await measure('from the Web edition', server, (isOver) =>
    repeat(CLIENTS * WINDOW, isOver, async () => {
      const fp = `w-${number++}`;
      const fields = {
        from: 'web',
        to: `app-${number % CLIENTS}`,
        fp,
        dataContent: content,
        typeu: -1,
        sm: -1,
      };
      const received = new Promise<void>((resolve) => waiting.set(fp, resolve));
      await web.send(JSON.stringify({ bridge: false, type: 2, QoS: true, ...fields }));
      await received;
      return 1;
    }),
  );
  await Promise.all(clients.map((client) => client.close()));
  await web.close();
  await server.kill();
}

async function betweenLocalUsers(): Promise<void> {
  const costs: Record<string, number[]> = { 'with a bridge': [], 'without a bridge': [] };
  const variants: [string, string[]][] = [
    ['with a bridge', []],
    ['without a bridge', ['--no-bridge']],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, flags] of round % 2 === 0 ? variants : [...variants].reverse()) {
      const server = await startServer(`local-${round}-${flags.length}.db`, flags);
      if (flags.length === 0) while (server.joinedAt === undefined) await pause(10);
      const clients = await login(server);
      const cost = await measure(`local users, ${name}`, server, (isOver) =>
        clients.flatMap((client, index) =>
          repeat(WINDOW, isOver, async () => {
            await client.send({ to: `app-${(index + 1) % CLIENTS}`, content: 'x'.repeat(100) });
            return 1;
          }),
        ),
      );
      costs[name]?.push(cost);
      await Promise.all(clients.map((client) => client.close()));
      await server.kill();
    }
  }
  const { 'with a bridge': on = [], 'without a bridge': off = [] } = costs;
  // The load of the machine varies, so the two are compared within each round.
  const ratios = on.map((cost, round) => cost / (off[round] ?? Number.NaN));
  const difference = ((median(ratios) - 1) * 100).toFixed(1);
  console.log(
    `local users: ${median(on).toFixed(1)} µs with a bridge, ${median(off).toFixed(1)} µs without; ` +
      `difference within a round: ${difference} % (median)`,
  );
}

async function startServer(file: string, flags: readonly string[]): Promise<BridgedServer> {
  const server = new BridgedServer(join(folder, file), broker.url, flags);
  await server.start();
  return server;
}

async function login(server: BridgedServer): Promise<ImClient[]> {
  const clients: ImClient[] = [];
  for (let index = 0; index < CLIENTS; index++) {
    const transport = tcp({ host: '127.0.0.1', port: server.port });
    const client = createClient({ transport, senseMode: 15, logger: silentLogger, sendTimeoutMs: 60_000 });
    await client.login({ userId: `app-${index}`, token: 't' });
    clients.push(client);
  }
  return clients;
}

/** Runs workers for a while. Returns the server's CPU time per message, in microseconds. */
async function measure(
  name: string,
  server: BridgedServer,
  start: (isOver: () => boolean) => Promise<number>[],
): Promise<number> {
  let isOver = false;
  const before = await server.report();
  const startedAt = performance.now();
  const workers = start(() => isOver);
  await pause(SECONDS * 1000);
  isOver = true;
  const messages = (await Promise.all(workers)).reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await server.report();
  const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  console.log(
    `${name}: ${Math.round(messages / seconds)} messages/s, ${(cpu / messages).toFixed(1)} µs of the server's CPU each`,
  );
  return cpu / messages;
}

/** Runs `workers` workers at once, each of which sends one message after another. */
function repeat(workers: number, isOver: () => boolean, send: () => Promise<number>): Promise<number>[] {
  return Array.from({ length: workers }, async () => {
    let count = 0;
    while (!isOver()) count += await send();
    return count;
  });
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
