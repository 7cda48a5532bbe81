/**
 * Measures messages between two nodes of a cluster, all in this process: `npm run bench:cluster -- --store postgres://… --bus
 * postgres` (or `--bus nats://…`, `--bus none` for two users of one node). Prints the latency of single messages, and the rate of
 * many senders. The clients run in this process, too: take the figures as lower bounds of what a cluster does. Leaves the schema
 * `imcore_bench` in the database.
 *
 * With `--races 1000` it measures instead for how long a user who logs in at two of three nodes at once has two sessions: see
 * `races.ts`. The exit code is 1 if two sessions or the wrong one were left.
 */
import { parseArgs } from 'node:util';
import { createClient, type ImClient, tcp as tcpTo } from '@imcore/client/node';
import { natsCluster } from '@imcore/cluster-nats';
import { postgresCluster } from '@imcore/cluster-postgres';
import { createServer, type ImServer, silentLogger, tcp } from '@imcore/server';
import type { Cluster } from '@imcore/server/ports';
import { postgresStore } from '@imcore/store-postgres';
import { runRaces } from './races.js';

const HOST = '127.0.0.1';
const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'postgres://postgres@127.0.0.1/postgres' },
    bus: { type: 'string', default: 'postgres' },
    single: { type: 'string', default: '500' },
    pairs: { type: 'string', default: '100' },
    window: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '10' },
    races: { type: 'string', default: '0' },
  },
});
/** Names of this run: another one may go on at the same time. */
const name = `bench${process.pid}`;
const senderOf = (index: number) => `${name}-from-${index}`;
const receiverOf = (index: number) => `${name}-to-${index}`;

interface Node {
  readonly server: ImServer;
  readonly port: number;
}

function busOf(nodeId: string): Cluster | undefined {
  if (values.bus === 'none') return undefined;
  if (values.bus === 'postgres') return postgresCluster({ nodeId, clusterName: name, url: values.store });
  return natsCluster({ nodeId, clusterName: name, servers: values.bus });
}

async function startNode(nodeId: string): Promise<Node> {
  const server = createServer({
    transports: [tcp({ host: HOST, port: 0 })],
    store: postgresStore({ url: values.store, schema: 'imcore_bench' }),
    cluster: busOf(nodeId),
    logger: silentLogger,
  });
  const [address] = await server.listen();
  return { server, port: address?.port ?? 0 };
}

async function logIn(userId: string, { port }: Node): Promise<ImClient> {
  const client = createClient({ transport: tcpTo({ host: HOST, port }), logger: silentLogger });
  await client.login({ userId });
  return client;
}

async function settled(isSettled: () => boolean): Promise<void> {
  while (!isSettled()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Milliseconds from `send` to the event `message` at the other client, one message after the other. */
async function latencies(from: ImClient, to: ImClient, count: number): Promise<number[]> {
  const times: number[] = [];
  let arrived: () => void = () => {};
  to.on('message', () => arrived());
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await Promise.all([from.send({ to: receiverOf(0), content: 'x'.repeat(64) }), arrival]);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return times.sort((one, other) => one - other);
}

/** Messages per second that arrive, while each sender always has `window` unacknowledged messages. */
async function rate(senders: readonly ImClient[], receivers: readonly ImClient[]): Promise<number> {
  let arrived = 0;
  for (const receiver of receivers)
    receiver.on('message', () => {
      arrived += 1;
    });
  const endAt = performance.now() + 1000 * Number(values.seconds);
  const began = performance.now();
  let sent = 0;
  const run = async (from: ImClient, index: number): Promise<void> => {
    while (performance.now() < endAt) {
      await from.send({ to: receiverOf(index), content: 'x'.repeat(64) });
      sent += 1;
    }
  };
  const lanes = Array.from({ length: Number(values.window) });
  await Promise.all(senders.flatMap((from, index) => lanes.map(() => run(from, index))));
  await settled(() => arrived >= sent);
  if (arrived !== sent) throw new Error(`${sent} messages were acknowledged, ${arrived} arrived`);
  return (1000 * arrived) / (performance.now() - began);
}

if (Number(values.races) > 0) await measureRaces();
else await measureMessages();

async function measureRaces(): Promise<void> {
  const nodes = await Promise.all(['a', 'b', 'c'].map(startNode));
  await settled(() => nodes.every(({ server }) => server.cluster?.nodes().length === nodes.length - 1));
  const isGood = await runRaces(nodes, Number(values.races), name);
  const lost = nodes.reduce((sum, { server }) => sum + (server.metrics()['clusterGaps'] ?? 0), 0);
  console.log(`bus ${values.bus.split('://')[0]}: announcements that were missed ${lost}`);
  for (const { server } of nodes) await server.close({ drainMs: 0 });
  if (!isGood) process.exitCode = 1;
}

async function measureMessages(): Promise<void> {
  const a = await startNode('a');
  const b = values.bus === 'none' ? a : await startNode('b');
  const pairs = Array.from({ length: Number(values.pairs) }, (_, index) => index);
  const senders = await Promise.all(pairs.map((index) => logIn(senderOf(index), a)));
  const receivers = await Promise.all(pairs.map((index) => logIn(receiverOf(index), b)));
  await settled(() => receivers.every((_, index) => a.server.isOnline(receiverOf(index))));
  const [from, to] = [senders[0], receivers[0]];
  if (from === undefined || to === undefined) throw new Error('there must be a pair');

  const times = await latencies(from, to, Number(values.single));
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1);
  console.log(`bus ${values.bus.split('://')[0]}: single messages p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  const perSecond = await rate(senders, receivers);
  console.log(`${pairs.length} pairs, window ${values.window}: ${Math.round(perSecond)} messages per second`);
  const { storeFailures, clusterHintsSent } = a.server.metrics();
  console.log(`hints sent ${clusterHintsSent}, store failures ${storeFailures}`);

  for (const client of [...senders, ...receivers]) client.close();
  for (const { server } of new Set([a, b])) await server.close({ drainMs: 0 });
}
