import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { natsCluster } from '@imcore/cluster-nats';
import { createServer, type ImServer, silentLogger, tcp, udp, websocket } from '@imcore/server';
import type { Cluster } from '@imcore/server/ports';
import { postgresStore } from '@imcore/store-postgres';
import {
  parseRecording,
  playOverSockets,
  type Recording,
  recordedRules,
  SocketStage,
  type Stage,
  type Transcript,
} from '@imcore/testkit/conformance';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasNats, NatsServer } from '../../packages/cluster-nats/test/nats-server.js';
import { hasPostgres, query, url } from '../../packages/store-postgres/test/database-under-test.js';
import {
  byConnection,
  byUser,
  compareBytes,
  type NodeOf,
} from '../../packages/testkit/test/conformance/cluster/compare-bytes.js';

const HOST = '127.0.0.1';
const schema = `recorded_${randomBytes(6).toString('hex')}`;
const schemas = { one: `${schema}_1`, two: `${schema}_2` };

/** Conversations of several users or connections that depend on no timer, and in which the application does not act. */
const CONVERSATIONS = [
  ...['qos-text-both-ways', 'fp-kept', 'typeu-kept', 'non-qos'].flatMap((scenario) =>
    ['tcp', 'udp', 'ws'].map((transport) => `${transport}-${scenario}`),
  ),
  ...['tcp-cross-to-udp', 'tcp-cross-to-ws', 'udp-cross-to-tcp', 'udp-cross-to-ws'],
  ...['tcp-body-5k', 'ws-body-5k', 'udp-body-700b'],
];
/** Not the one over UDP: when a client that was kicked out is answered for the last time is a matter of timing. */
const DUPLICATE_LOGINS = ['tcp-duplicate-login', 'ws-duplicate-login-then-tcp'];

const servers: ImServer[] = [];
/** Those of the cluster. */
const nodes: ImServer[] = [];
/** Of each node: settles when it knows another one. */
const joined: Promise<unknown>[] = [];

async function startNode(schema: string, cluster?: Cluster): Promise<SocketStage> {
  const server = createServer({
    transports: [tcp, udp, websocket].map((transport) => transport({ host: HOST, port: 0, senseMode: 3 })),
    hooks: recordedRules({ emit: () => {} }),
    store: postgresStore({ url, schema }),
    cluster,
    logger: silentLogger,
  });
  servers.push(server);
  if (cluster !== undefined) joined.push(new Promise((resolve) => server.on('node', resolve)));
  const addresses = await server.listen();
  const portOf = (name: string) => addresses.find(({ transport }) => transport === name)?.port ?? 0;
  return new SocketStage({
    host: HOST,
    ports: { tcp: portOf('tcp'), udp: portOf('udp'), websocket: portOf('websocket') },
  });
}

/** Whether no user has two sessions, and all nodes know all users. */
function agree(): boolean {
  const sessions = nodes.flatMap((server) => server.sessions().map(({ userId }) => userId));
  const users = new Set(sessions);
  return users.size === sessions.length && nodes.every(({ cluster }) => cluster?.onlineCount === users.size);
}

/**
 * Plays at these nodes; the connections lead to them as `nodeOf` says. In the recordings there is time between a login and what
 * follows: clients wait here until the nodes agree.
 */
async function play(
  recording: Recording,
  stages: readonly SocketStage[],
  nodeOf: NodeOf,
): Promise<Transcript> {
  const connect: Stage['connect'] = async (transport, events, connection) => {
    const stage = stages[nodeOf(connection) % stages.length];
    if (stage === undefined) throw new Error('there is no node');
    const peer = await stage.connect(transport, events);
    let before = Promise.resolve();
    const inTurn = (act: () => void) => {
      before = before.then(() => vi.waitUntil(agree, { interval: 2, timeout: 3000 })).then(act);
    };
    return {
      send: (body) => inTurn(() => peer.send(body)),
      sendRaw: (bytes) => inTurn(() => peer.sendRaw(bytes)),
      close: () => peer.close(),
    };
  };
  return await playOverSockets(recording, { connect });
}

describe.runIf(hasNats() && (await hasPostgres()))('two nodes over NATS and PostgreSQL', () => {
  let nats: NatsServer;
  let two: readonly SocketStage[];
  let one: readonly SocketStage[];

  beforeAll(async () => {
    nats = await NatsServer.start();
    two = await Promise.all(
      ['a', 'b'].map((nodeId) => startNode(schemas.two, natsCluster({ nodeId, servers: nats.url }))),
    );
    nodes.push(...servers);
    one = [await startNode(schemas.one)];
    await Promise.all(joined);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close({ drainMs: 0 })));
    await nats.remove();
    for (const name of Object.values(schemas)) await query(`DROP SCHEMA ${name} CASCADE`);
  });

  async function differences(name: string, placing: (recording: Recording) => NodeOf): Promise<string[]> {
    const recording = parseRecording(
      readFileSync(new URL(`../../docs/protocol/vectors/${name}.json`, import.meta.url), 'utf8'),
    );
    const nodeOf = placing(recording);
    return compareBytes(recording, await play(recording, one, nodeOf), await play(recording, two, nodeOf));
  }

  it.each(CONVERSATIONS)('bring each user the bytes that one node brings: %s', async (name) => {
    expect(await differences(name, byUser)).toEqual([]);
  });

  it.each(DUPLICATE_LOGINS)('bring the clients of one user the same bytes: %s', async (name) => {
    expect(await differences(name, byConnection)).toEqual([]);
  });
});
