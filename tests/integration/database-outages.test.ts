import { createServer, type ImServer, silentLogger, tcp as tcpTransport } from '@imcore/server';
import { postgresStore } from '@imcore/store-postgres';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../../packages/store-postgres/test/cutting-proxy.js';
import {
  hasPostgres,
  port,
  query,
  url,
  useSchemas,
} from '../../packages/store-postgres/test/database-under-test.js';
import { TestUser } from './users.js';

/** How long new messages wait for the store, and what a loaded machine may add, in milliseconds. */
const LIVE_WITHIN_MS = 2000 + 1500;

describe.runIf(await hasPostgres())('a server whose database does not answer', () => {
  const newSchema = useSchemas();
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A server behind a proxy, with a message that waits for bob. */
  async function setUp() {
    const schema = newSchema();
    const proxy = await startCuttingProxy(port);
    const store = postgresStore({
      url: url.replace(`:${port}`, `:${proxy.port}`),
      schema,
      connectTimeoutMs: 1000,
      statementTimeoutMs: 1000,
    });
    await store.open();
    const server = createServer({
      transports: [tcpTransport({ host: '127.0.0.1', port: 0 })],
      store,
      storeTimeoutMs: 4000,
      logger: silentLogger,
    });
    ends.push(() => proxy.close());
    const [address] = await server.listen();
    ends.push(() => server.close({ drainMs: 0 }));
    const ports = { tcp: address?.port ?? 0, udp: 0, websocket: 0 };
    const user = async (userId: string): Promise<TestUser> => {
      const created = new TestUser(userId, 'tcp', ports);
      ends.push(() => created.client.close());
      await created.client.login({ userId });
      return created;
    };
    const carol = await user('carol');
    await carol.client.send({ to: 'alice', content: 'welcome' });
    const alice = await user('alice');
    // Then the server has read her log. Before, it does not know whether her messages must go through logs: they wait for the store.
    await alice.message('welcome');
    await alice.client.send({ to: 'bob', content: 'old' });
    return { schema, proxy, server, alice, user };
  }

  /** Bob logs in during the outage: live messages arrive soon, and the stored one when the database is back. */
  async function expectLive(
    { server, alice, user }: { server: ImServer; alice: TestUser; user: (id: string) => Promise<TestUser> },
    heal: () => unknown,
  ): Promise<void> {
    const delayed: string[] = [];
    server.on('replayDelayed', ({ userId }) => delayed.push(userId));
    const bob = await user('bob');
    const since = performance.now();
    const sent = alice.client.send({ to: 'bob', content: 'live 1' });
    await bob.message('live 1');
    expect(performance.now() - since).toBeLessThan(LIVE_WITHIN_MS);
    await sent;
    const again = performance.now();
    await alice.client.send({ to: 'bob', content: 'live 2' });
    await bob.message('live 2');
    expect(performance.now() - again).toBeLessThan(1000);
    expect(delayed).toEqual(['bob']);
    await heal();
    await bob.reports.first(
      (report) => report.kind === 'message' && report.message.content === 'old',
      'stored message',
      20_000,
    );
    expect(bob.messages.map(({ content }) => content)).toEqual(['live 1', 'live 2', 'old']);
    await alice.client.send({ to: 'nobody', content: 'stored again' });
  }

  it('sends live messages while its table is locked', async () => {
    const scene = await setUp();
    const locker = new Client(url);
    await locker.connect();
    ends.push(() => locker.end());
    await locker.query(`BEGIN; LOCK TABLE ${scene.schema}.log_message IN ACCESS EXCLUSIVE MODE`);
    await expectLive(scene, () => locker.query('ROLLBACK'));
    const rows = await query<{ n: string }>(
      `SELECT last AS n FROM ${scene.schema}.user_log WHERE id = 'bob'`,
    );
    expect(rows).toEqual([{ n: '1' }]);
  }, 40_000);

  it('sends live messages while the network drops everything', async () => {
    const scene = await setUp();
    scene.proxy.blackHole();
    await expectLive(scene, () => scene.proxy.heal());
  }, 40_000);

  it('sends live messages while connections are refused', async () => {
    const scene = await setUp();
    await scene.proxy.close();
    await expectLive(scene, () => reopen(scene.proxy));
  }, 40_000);

  async function reopen(closed: CuttingProxy): Promise<void> {
    const proxy = await startCuttingProxy(port, closed.port);
    ends.push(() => proxy.close());
  }
});
