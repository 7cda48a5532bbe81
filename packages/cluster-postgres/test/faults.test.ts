import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { inspect } from 'node:util';
import { systemClock } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import type { PostgresClusterOptions, Settings } from '../src/options.js';
import { BreakableWay, hasPostgres, ownName, port, query, url } from './database.js';
import { type NodeUnderTest, startNode } from './node-under-test.js';

const timeout = 20_000;
const SECRET = 'open-sesame-4711';

describe.runIf(await hasPostgres())('postgresCluster()', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function start(options: Partial<PostgresClusterOptions> = {}, changed: Partial<Settings> = {}) {
    const node = await startNode({ nodeId: 'a', clusterName: ownName(), url, ...options }, changed);
    open.push(() => node.cluster.close());
    return node;
  }

  async function openWay(): Promise<BreakableWay> {
    const way = await BreakableWay.open();
    open.push(() => way.interrupt());
    return way;
  }

  async function expectAway({ states, errors }: NodeUnderTest, code: string, message: RegExp): Promise<void> {
    await expect.poll(() => states[0], { timeout }).toBe('away');
    expect(errors[0]).toMatchObject({ name: 'ClusterError', code, message: expect.stringMatching(message) });
    expect(inspect(errors[0], { depth: 20, showHidden: true })).not.toContain(SECRET);
  }

  it('notices that the server hangs, drops frames meanwhile, and joins when it works again', async () => {
    const way = await openWay();
    const node = await start({ url: way.url }, { probeMs: 50 });
    await expect.poll(() => node.states, { timeout }).toEqual(['joined']);
    way.hang();
    await expect.poll(() => node.states, { timeout }).toEqual(['joined', 'away']);
    expect(node.errors).toMatchObject([
      {
        code: 'ERR_CLUSTER_SILENT',
        message: "PostgreSQL has not delivered this node's own notifications for 0.15 s",
      },
    ]);
    expect(node.cluster.broadcast(Buffer.from('old'))).toBe(false);
    await way.interrupt();
    await way.restore();
    await expect.poll(() => node.states, { timeout }).toEqual(['joined', 'away', 'joined']);
  });

  it('gives up a connection that is never answered, and tries again', async () => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    open.push(async () => {
      silent.close();
    });
    const way = new URL(url);
    way.port = String((silent.address() as AddressInfo).port);
    const node = await start({ url: way.href }, { probeMs: 20 });
    await expectAway(node, 'ERR_CLUSTER_AWAY', /no connection within 0\.1 s/);
    await once(silent, 'connection');
  });

  it('does not join where LISTEN is lost without an error, as behind a pooler in transaction mode', async () => {
    const deaf = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      near.on('data', (bytes) =>
        far.write(Buffer.from(bytes.toString('latin1').replaceAll('LISTEN "', 'NOTIFY "'), 'latin1')),
      );
      far.pipe(near);
      for (const socket of [near, far]) socket.on('error', () => {});
      near.on('close', () => far.destroy());
    });
    deaf.listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    open.push(async () => {
      deaf.close();
    });
    const way = new URL(url);
    way.port = String((deaf.address() as AddressInfo).port);
    const node = await start({ url: way.href }, { probeMs: 50 });
    await expectAway(node, 'ERR_CLUSTER_SILENT', /connection pooler in transaction mode/);
    expect(node.states).toEqual(['away']);
  });

  it('stays joined after a pause of its own process', async () => {
    let [paused, fired] = [0, 0];
    const clock = {
      ...systemClock,
      now: () => systemClock.now() + paused,
      schedule: (at: number, run: () => void) =>
        systemClock.schedule(at - paused, () => {
          fired += 1;
          run();
        }),
    };
    const node = await start({}, { clock, probeMs: 50 });
    await expect.poll(() => node.states, { timeout }).toEqual(['joined']);
    paused = 60_000;
    await expect.poll(() => fired, { timeout }).toBeGreaterThan(10);
    expect(node.states).toEqual(['joined']);
  });

  it('joins again when the server ends its connection', async () => {
    const name = ownName();
    const node = await start({ url: `${url}?application_name=${name}` });
    await expect.poll(() => node.states, { timeout }).toEqual(['joined']);
    await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [name]);
    await expect.poll(() => node.states, { timeout }).toEqual(['joined', 'away', 'joined']);
    expect(node.errors[0]).toMatchObject({ code: 'ERR_CLUSTER_AWAY' });
  });

  it('drops frames beyond 8 MiB that wait, and takes more when they are written', async () => {
    const { cluster, states } = await start();
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    const frame = new Uint8Array(5900);
    let sent = 0;
    while (cluster.broadcast(frame)) sent += 1;
    expect(sent).toBeGreaterThan(1000);
    expect(sent * (7868 + 128)).toBeLessThan(8 * 1024 * 1024);
    await expect.poll(() => cluster.broadcast(frame), { timeout }).toBe(true);
    expect(states).toEqual(['joined']);
  });

  it('ignores notifications of others', async () => {
    const clusterName = ownName();
    const { states, frames } = await start({ clusterName });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    for (const text of ['hello', '', 'abcdefgh1.!'])
      await query('SELECT pg_notify($1, $2)', [`imcore.${clusterName}.all`, text]);
    const other = await start({ nodeId: 'b', clusterName });
    await expect.poll(() => other.states, { timeout }).toEqual(['joined']);
    other.cluster.broadcast(Buffer.from('frame'));
    await expect.poll(() => frames, { timeout }).toEqual(['frame']);
    expect(states).toEqual(['joined']);
  });

  it('does not take the frames of another node of the same name for its own', async () => {
    const clusterName = ownName();
    const [first, second] = [await start({ clusterName }), await start({ clusterName })];
    await expect.poll(() => [first.states, second.states], { timeout }).toEqual([['joined'], ['joined']]);
    first.cluster.broadcast(Buffer.from('beat'));
    await expect.poll(() => second.frames, { timeout }).toEqual(['beat']);
    expect(first.frames).toEqual([]);
  });

  it('is away while the database does not exist', async () => {
    const wrong = new URL(url);
    [wrong.pathname, wrong.password] = ['/nowhere', SECRET];
    const node = await start({ url: wrong.href });
    await expectAway(node, 'ERR_CLUSTER_REJECTED', /database "nowhere" does not exist \(3D000\)/);
  });

  it('is away while its user may open no further connection, and joins when there is room', async () => {
    const role = ownName();
    await query(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 0`);
    open.push(async () => {
      await query(`DROP ROLE ${role}`);
    });
    const node = await start({ url: url.replace('postgres@', `${role}@`) });
    await expectAway(node, 'ERR_CLUSTER_AWAY', /: too many connections for role "t[0-9a-f]+" \(53300\)$/);
    await query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    await expect.poll(() => node.states, { timeout }).toEqual(['away', 'joined']);
  });

  it('is away while the host is unknown', async () => {
    const node = await start({ url: `postgres://u:${SECRET}@nowhere.invalid/d` });
    await expectAway(node, 'ERR_CLUSTER_AWAY', /^PostgreSQL cannot be reached: .*nowhere\.invalid/);
  });

  it('waits longer after each failure, up to 2 s', async () => {
    const waits: number[] = [];
    // It stands still, so that the waits are exact however slow the machine is.
    const clock = {
      ...systemClock,
      now: () => 0,
      schedule: (ms: number, run: () => void) => {
        if (ms === 3000) return systemClock.schedule(systemClock.now() + ms, run);
        waits.push(ms);
        return systemClock.schedule(systemClock.now(), run);
      },
    };
    const node = await start(
      { url: 'postgres://u@127.0.0.1:1/d' },
      { clock, probeMs: 3000, minBackoffMs: 250, maxBackoffMs: 2000, random: () => 1 },
    );
    await expect.poll(() => waits.length, { timeout }).toBeGreaterThan(6);
    expect(waits.slice(0, 6)).toEqual([250, 500, 1000, 2000, 2000, 2000]);
    expect(node.states).toEqual(['away']);
  });
});
