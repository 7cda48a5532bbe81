import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { ImServer, MessageStore, ServerOptions, ServerTransport } from '@imcore/server';
import type { Cluster } from '@imcore/server/ports';

/**
 * The server as users get it: all transports, default options, every safeguard on, a SQLite store, the default log,
 * memory returned in quiet times as `imcore serve` does.
 * `--root` names another checkout whose build is run; `--no-store` leaves the store out; `--postgres` takes that database instead,
 * and with `--nats` and `--node` it is a node of the cluster `--cluster`; `--stored` messages wait in the store from the beginning;
 * `--workers` processes hold the sockets; `--tls` names a PEM file with key and certificate for TCP and WebSocket. Prints its ports
 * as JSON.
 *
 * On the message `fan-out` of its parent it sends one message to everybody who is online and answers with the CPU
 * time that passed until all were acknowledged. On `known N` it answers with the time when it knew so many users to be online in
 * the cluster, in milliseconds since 1970.
 */
const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '.' },
    'no-store': { type: 'boolean', default: false },
    stored: { type: 'string', default: '0' },
    workers: { type: 'string', default: '0' },
    tls: { type: 'string' },
    postgres: { type: 'string' },
    nats: { type: 'string' },
    node: { type: 'string', default: 'a' },
    cluster: { type: 'string', default: `bench${process.pid}` },
  },
});
const built = (path: string): string => pathToFileURL(resolve(values.root, 'packages', path)).href;
const { createServer, tcp, udp, websocket } = (await import(
  built('server/dist/index.js')
)) as typeof import('@imcore/server');
const { sqliteStore } = (await import(
  built('store-sqlite/dist/index.js')
)) as typeof import('@imcore/store-sqlite');

const folder = mkdtempSync(join(tmpdir(), 'imcore-bench-'));
const host = '127.0.0.1';
const store = values['no-store'] ? undefined : await makeStore();
const cluster = await makeCluster();
await fill(Number(values.stored));
const server = create(await transports());
const addresses = await server.listen();
const { trimMemory } = (await import(built('cli/dist/process-memory/index.js')).catch(
  // Commits before the move, which `--root` may name, export it from the server or not at all.
  () => import(built('server/dist/index.js')),
)) as Partial<typeof import('@imcore/cli/process-memory')>;
trimMemory?.();
const portOf = (transport: string): number | undefined =>
  addresses.find((address) => address.transport === transport)?.port;
console.log(JSON.stringify({ tcp: portOf('tcp'), udp: portOf('udp'), ws: portOf('websocket') }));

process.on('message', (question) => {
  if (question === 'fan-out') void fanOut();
  else if (typeof question === 'string' && question.startsWith('known '))
    tellWhenKnown(Number(question.slice(6)));
});
process.on('SIGTERM', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});

async function transports(): Promise<readonly ServerTransport[]> {
  const pem = values.tls === undefined ? undefined : readFileSync(values.tls);
  const onSockets = { host, port: 0, tls: pem && { key: pem, cert: pem } };
  const onUdp = { host, port: 0 };
  const count = Number(values.workers);
  if (count === 0) return [tcp(onSockets), udp(onUdp), websocket(onSockets)];
  const { workers } = (await import(built('workers/dist/index.js'))) as typeof import('@imcore/workers');
  return workers({ count, tcp: onSockets, udp: onUdp, websocket: onSockets }).transports;
}

/** Commits that `--root` may name do not know `cluster`, or know `transports` as `gateways`. */
function create(transports: readonly ServerTransport[]): ImServer {
  const rest = cluster === undefined ? { store } : { store, cluster };
  try {
    return createServer({ transports, ...rest });
  } catch {
    return createServer({ gateways: transports, store } as unknown as ServerOptions);
  }
}

/** The schema `imcore_bench` stays in the database. */
async function makeStore(): Promise<MessageStore> {
  if (values.postgres === undefined) return sqliteStore({ file: join(folder, 'messages.db') });
  const { postgresStore } = (await import(
    built('store-postgres/dist/index.js')
  )) as typeof import('@imcore/store-postgres');
  return postgresStore({ url: values.postgres, schema: 'imcore_bench' });
}

async function makeCluster(): Promise<Cluster | undefined> {
  if (values.nats === undefined) return undefined;
  const { natsCluster } = (await import(
    built('cluster-nats/dist/index.js')
  )) as typeof import('@imcore/cluster-nats');
  return natsCluster({ nodeId: values.node, clusterName: values.cluster, servers: values.nats });
}

/** Polls every 5 ms: no event has the number of users. */
function tellWhenKnown(users: number): void {
  const timer = setInterval(() => {
    const known = server.cluster?.onlineCount ?? server.onlineCount;
    if (known < users) return;
    clearInterval(timer);
    process.send?.(Date.now());
  }, 5);
}

/** A hundred messages for each of as many users as it takes, all of whom stay away. */
async function fill(messages: number): Promise<void> {
  const body = JSON.stringify({ bridge: false, type: 2, dataContent: 'x'.repeat(64), QoS: true, typeu: -1 });
  for (let first = 0; first < messages; first += 1000) {
    const batch = Array.from({ length: Math.min(1000, messages - first) }, (_, index) => {
      const number = first + index;
      const to = `away-${Math.floor(number / 100)}`;
      return { to, from: 'filler', fingerprint: `fill-${number}`, body, acceptedAt: Date.now() };
    });
    await store?.append(batch);
  }
}

async function fanOut(): Promise<void> {
  const users = server.sessions().map(({ userId }) => userId);
  const before = process.cpuUsage();
  const outcomes = await Promise.all(
    users.map((userId) => server.send(userId, 'an announcement to everybody')),
  );
  const { user, system } = process.cpuUsage(before);
  process.send?.({
    users: users.length,
    received: outcomes.filter((outcome) => outcome === 'received').length,
    cpuMs: (user + system) / 1000,
  });
}
