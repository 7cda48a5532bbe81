import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { systemClock } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import type { NatsClusterOptions, Settings } from '../src/options.js';
import { hasNats, NatsServer } from './nats-server.js';
import { type NodeUnderTest, startNode } from './node-under-test.js';

const timeout = 20_000;
const SECRET = 'open-sesame-4711';

describe.runIf(hasNats())('natsCluster()', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function startServer(settings = ''): Promise<NatsServer> {
    const server = await NatsServer.start(settings);
    open.push(() => server.remove());
    return server;
  }

  async function start(options: Partial<NatsClusterOptions>, changed: Partial<Settings> = {}) {
    const node = await startNode({ nodeId: 'a', servers: '', ...options }, changed);
    open.push(() => node.cluster.close());
    return node;
  }

  async function expectAway({ states, errors }: NodeUnderTest, code: string, message: RegExp): Promise<void> {
    await expect.poll(() => states[0], { timeout }).toBe('away');
    expect(errors[0]).toMatchObject({ name: 'ClusterError', code, message: expect.stringMatching(message) });
    expect(inspect(errors[0], { depth: 20, showHidden: true })).not.toContain(SECRET);
  }

  it('notices that the server hangs, drops frames meanwhile, and joins when it works again', async () => {
    const server = await startServer();
    const a = await start({ servers: server.url }, { pingMs: 50, connectTimeoutMs: 200 });
    const b = await start({ nodeId: 'b', servers: server.url }, { pingMs: 50, connectTimeoutMs: 200 });
    await expect.poll(() => [a.states, b.states], { timeout }).toEqual([['joined'], ['joined']]);
    server.hang();
    await expect.poll(() => [...a.states, ...b.states].length, { timeout }).toBe(4);
    expect(a.errors).toMatchObject([
      { code: 'ERR_CLUSTER_SILENT', message: 'the NATS server has not answered for 0.15 s' },
    ]);
    expect(a.cluster.send('b', Buffer.from('old'))).toBe(false);
    server.resume();
    await expect.poll(() => [...a.states, ...b.states].length, { timeout }).toBe(6);
    a.cluster.send('b', Buffer.from('new'));
    await expect.poll(() => b.frames, { timeout }).toEqual(['new']);
  });

  it('leaves no connection open to a server that hangs', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const server = await startServer();
    const before = sockets();
    const node = await start({ servers: server.url }, { pingMs: 50, connectTimeoutMs: 50 });
    await expect.poll(() => node.states, { timeout }).toEqual(['joined']);
    let tries = 0;
    server.hang();
    await expect.poll(() => node.states, { timeout }).toEqual(['joined', 'away']);
    const hanging = await start(
      { nodeId: 'b', servers: server.url },
      {
        connectTimeoutMs: 50,
        random: () => {
          tries += 1;
          return 0;
        },
      },
    );
    await expect.poll(() => tries, { timeout }).toBeGreaterThan(5);
    await Promise.all([node.cluster.close(), hanging.cluster.close()]);
    await expect.poll(sockets, { timeout }).toBeLessThanOrEqual(before);
  });

  it('notices that the server hangs while much waits to be written', async () => {
    const server = await startServer();
    const { cluster, states, errors } = await start(
      { servers: server.url },
      { pingMs: 100, connectTimeoutMs: 200 },
    );
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    server.hang();
    const frame = new Uint8Array(1024 * 1024);
    let sent = 0;
    while (cluster.broadcast(frame)) sent += 1;
    expect(sent).toBe(7);
    await expect.poll(() => states, { timeout }).toEqual(['joined', 'away']);
    expect(errors).toMatchObject([{ code: 'ERR_CLUSTER_SILENT' }]);
    server.resume();
    await expect.poll(() => states, { timeout }).toEqual(['joined', 'away', 'joined']);
  });

  it('drops frames beyond 8 MiB that the server has not read, and takes more when it has', async () => {
    const server = await startServer();
    const { cluster, states } = await start({ servers: server.url });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    const frame = new Uint8Array(64 * 1024);
    let sent = 0;
    while (cluster.broadcast(frame)) sent += 1;
    expect(sent).toBe(Math.floor((8 * 1024 * 1024) / (64 * 1024 + 128)));
    await expect.poll(() => cluster.broadcast(frame), { timeout }).toBe(true);
    expect(states).toEqual(['joined']);
  });

  it('closes in time while the server hangs', async () => {
    const server = await startServer();
    const { cluster, states } = await start({ servers: server.url }, { closeMs: 50 });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    server.hang();
    cluster.broadcast(Buffer.from('bye'));
    await cluster.close();
    expect(states).toEqual(['joined']);
  });

  it.each([
    ['a password', `authorization { user: u, password: "${SECRET}" }`, { user: 'u', pass: SECRET }],
    ['a token', `authorization { token: "${SECRET}" }`, { token: SECRET }],
  ])('is away while %s is wrong, and joins when it is right', async (_name, settings, credentials) => {
    const server = await startServer(settings.replace(SECRET, 'other'));
    const node = await start({ servers: server.url, ...credentials });
    await expectAway(node, 'ERR_CLUSTER_REJECTED', /^NATS rejects this node: '?Authorization Violation'?$/i);
    server.reload(settings);
    await expect.poll(() => node.states, { timeout }).toEqual(['away', 'joined']);
  });

  it.each([
    ['a password', 'user: u, password: "p@s/"', 'u:p%40s%2F'],
    ['a token', 'token: "t@k"', 't%40k'],
  ])('takes %s from the URL', async (_name, settings, userInfo) => {
    const server = await startServer(`authorization { ${settings} }`);
    const { states } = await start({ servers: server.url.replace('//', `//${userInfo}@`) });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
  });

  it.each([
    ['subscription', 'subscribe: { deny: "imcore.main.all" }'],
    ['publish', 'publish: { deny: "imcore.main.all" }'],
  ])('is away without the permission for %s', async (operation, permission) => {
    const account = `{ user: u, password: "${SECRET}", permissions: { ${permission} } }`;
    const server = await startServer(`authorization { users: [ ${account} ] }`);
    const { cluster, states, errors } = await start({ servers: server.url, user: 'u', pass: SECRET });
    await expect
      .poll(
        () => {
          cluster.broadcast(Buffer.from('one'));
          return states.includes('away');
        },
        { timeout },
      )
      .toBe(true);
    expect(errors[0]).toMatchObject({
      code: 'ERR_CLUSTER_REJECTED',
      message: expect.stringMatching(
        new RegExp(`^NATS rejects this node: .*${operation}.*imcore\\.main\\.all`, 'i'),
      ),
    });
  });

  it('is away, with both figures, while max_payload is less than 4096 bytes', async () => {
    const server = await startServer('max_payload: 2000');
    const node = await start({ servers: server.url });
    await expectAway(node, 'ERR_CLUSTER_FRAME_LIMIT', /2000 bytes, must be at least 4096/);
    await server.kill();
    await server.start('max_payload: 5000');
    await expect.poll(() => node.states, { timeout }).toEqual(['away', 'joined']);
    expect(node.cluster.maxFrameBytes).toBe(5000);
  });

  it('has the max_payload of the server that it has joined', async () => {
    const server = await startServer();
    const { cluster, states } = await start({ servers: server.url });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    expect(cluster.maxFrameBytes).toBe(1024 * 1024);
    await server.kill();
    await server.start('max_payload: 6000');
    await expect.poll(() => states, { timeout }).toEqual(['joined', 'away', 'joined']);
    expect(cluster.maxFrameBytes).toBe(6000);
    expect(cluster.broadcast(new Uint8Array(6001))).toBe(false);
  });

  it('is away while the server has no room for another connection, and joins when there is', async () => {
    const server = await startServer('max_connections: 1');
    const a = await start({ servers: server.url });
    // The connection that has waited for the start of the server may still have the only place.
    await expect.poll(() => a.states.at(-1), { timeout }).toBe('joined');
    const b = await start({ nodeId: 'b', servers: server.url });
    await expectAway(b, 'ERR_CLUSTER_AWAY', /^NATS cannot be reached: maximum connections exceeded$/);
    await a.cluster.close();
    await expect.poll(() => b.states, { timeout }).toEqual(['away', 'joined']);
  });

  it('is away while the host is unknown', async () => {
    const node = await start({ servers: `nats://u:${SECRET}@nowhere.invalid` });
    await expectAway(node, 'ERR_CLUSTER_AWAY', /^NATS cannot be reached: .*nowhere\.invalid/);
  });

  it('is away while the server is none of NATS', async () => {
    const server = createServer((socket) => socket.end('220 mail.example.com\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(async () => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const node = await start({ servers: `127.0.0.1:${port}` });
    await expectAway(node, 'ERR_CLUSTER_AWAY', /this is no NATS server/);
  });

  it('tries one server of the list after the other', async () => {
    const [first, second] = [await startServer(), await startServer()];
    await first.kill();
    const { states } = await start({ servers: [first.url, second.url] }, { random: () => 0 });
    await expect.poll(() => states, { timeout }).toEqual(['away', 'joined']);
    await second.kill();
    await first.start();
    await expect.poll(() => states, { timeout }).toEqual(['away', 'joined', 'away', 'joined']);
  });

  it.each([
    [0, 250],
    [1, 350],
  ])('never gives up: with the random number %d it waits %d ms between tries', async (number, wait) => {
    const server = await startServer();
    await server.kill();
    const waits: number[] = [];
    // It stands still, so that the waits are exact however slow the machine is.
    const clock = {
      ...systemClock,
      now: () => 0,
      schedule: (ms: number, run: () => void) => {
        if (ms > 1000) return systemClock.schedule(systemClock.now() + ms, run);
        waits.push(ms);
        return systemClock.schedule(systemClock.now(), run);
      },
    };
    const { states } = await start(
      { servers: server.url },
      { backoffMs: 250, jitterMs: 100, clock, random: () => number },
    );
    await expect.poll(() => waits.length, { timeout }).toBeGreaterThan(30);
    expect(new Set(waits)).toEqual(new Set([wait]));
    await server.start();
    await expect.poll(() => states, { timeout }).toEqual(['away', 'joined']);
  });
});
