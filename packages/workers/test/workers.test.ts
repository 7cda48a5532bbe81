import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { createClient, type ImClient } from '@imcore/client/node';
import { createServer, type ImServer, type ServerOptions, silentLogger } from '@imcore/server';
import { canSharePort } from '@imcore/server/transport-kit';
import { VirtualClock } from '@imcore/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { StartWorker } from '../src/core/worker-process.js';
import type { WorkerEvent, WorkersOptions } from '../src/options.js';
import { workersOf } from '../src/workers.js';
import { until } from './support/until.js';
import { workersInProcess } from './support/workers-in-process.js';

const host = '127.0.0.1';
const logger = silentLogger;

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** A server with one worker in this process. */
async function open(
  options: Partial<WorkersOptions> = {},
  serverOptions: Partial<ServerOptions> = {},
  given?: StartWorker,
) {
  const clock = new VirtualClock();
  const { start, started } = workersInProcess();
  const events: WorkerEvent[] = [];
  const group = workersOf(
    { count: 1, tcp: { host, port: 0 }, clock, onWorker: (event) => events.push(event), ...options },
    given ?? start,
  );
  const server: ImServer = createServer({ transports: group.transports, logger, ...serverOptions });
  const errors: Error[] = [];
  server.on('error', (error) => errors.push(error));
  opened.push({ close: () => server.close({ drainMs: 0 }) });
  const [address] = await server.listen();
  return { clock, started, events, group, server, errors, port: address?.port ?? 0 };
}

async function login(port: number, userId: string): Promise<ImClient> {
  const client = createClient({ url: `tcp://${host}:${port}`, autoReconnect: false, logger });
  opened.push(client);
  await client.login({ userId });
  return client;
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, host);
  opened.push({ close: () => socket.destroy() });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('workers', () => {
  it('hold the connections of a server', async () => {
    const { port, server, group } = await open();
    const [alice, bob] = [await login(port, 'alice'), await login(port, 'bob')];
    const received = new Promise((resolve) => bob.on('message', ({ content }) => resolve(content)));
    await alice.send({ to: 'bob', content: 'hello' });
    expect(await received).toBe('hello');
    expect(server.sessions('bob')).toMatchObject([{ transport: 'tcp', remoteAddress: host }]);
    expect(group.status()).toMatchObject([
      { worker: 1, pid: 1, state: 'listening', connections: 2, restarts: 0, hasUdp: false },
    ]);
  });

  it('are known before they start', () => {
    const group = workersOf({ count: 3, tcp: { port: 0 }, udp: { port: 0 } }, workersInProcess().start);
    expect(group.transports.map(({ transport }) => transport)).toEqual(['tcp', 'udp']);
    expect(group.transports.map(({ maxSendBytes }) => maxSendBytes)).toEqual([6144, 1024]);
    expect(group.status()).toEqual([]);
  });

  it('share a UDP port if they are told to, also one alone, where that is possible', async () => {
    const opening = open({ tcp: undefined, udp: { host, port: 0, reusePort: true } });
    if (!canSharePort(process.versions.node)) {
      await expect(opening).rejects.toThrow('option reusePort needs Node 22.12');
      return;
    }
    const { port } = await opening;
    const second = await open({ tcp: undefined, udp: { host, port, reusePort: true } });
    expect(second.port).toBe(port);
  });

  it('take their connections along when they end', async () => {
    const { port, server, errors, started, events } = await open();
    const alice = await login(port, 'alice');
    const lost = new Promise((resolve) => alice.on('linkLost', resolve));
    started[0]?.die();
    await lost;
    await until(() => errors.length > 0);
    expect(server.isOnline('alice')).toBe(false);
    expect(server.metrics()).toMatchObject({ workersLost: 1, sessionsOpen: 0 });
    expect(errors[0]).toMatchObject({ code: 'ERR_WORKER_LOST' });
    expect(errors[0]?.message).toBe(
      'worker 1 (process 1) ended with signal SIGKILL; 1 connections ended, it is started again in 1 s',
    );
    expect(events).toMatchObject([
      { worker: 1, pid: 1, state: 'listening' },
      { worker: 1, state: 'lost', error: { code: 'ERR_WORKER_LOST' } },
    ]);
  });

  it('are started again, on the same port, ever later if they end soon', async () => {
    const { port, clock, started, group, server } = await open();
    const waits: number[] = [];
    for (let time = 1; time <= 7; time++) {
      started.at(-1)?.die();
      await until(() => group.status()[0]?.state === 'waiting');
      const lostAt = clock.now();
      await clock.runNextAsync();
      waits.push(clock.now() - lostAt);
      await until(() => group.status()[0]?.state === 'listening');
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(group.status()).toMatchObject([{ restarts: 7, pid: 8 }]);
    await login(port, 'alice');
    expect(server.isOnline('alice')).toBe(true);
  });

  it('are started again after 1 s if they have listened for 10 s', async () => {
    const { clock, started, group } = await open();
    for (let time = 1; time <= 2; time++) {
      started.at(-1)?.die();
      await until(() => group.status()[0]?.state === 'waiting');
      await clock.runNextAsync();
      await until(() => group.status()[0]?.state === 'listening');
    }
    clock.schedule(clock.now() + 10_000, () => {});
    await clock.runNextAsync();
    started.at(-1)?.die();
    await until(() => group.status()[0]?.state === 'waiting');
    const lostAt = clock.now();
    await clock.runNextAsync();
    expect(clock.now() - lostAt).toBe(1000);
  });

  it('are not started again once the server is closed', async () => {
    const { clock, started, group, server } = await open();
    started[0]?.die();
    await until(() => group.status()[0]?.state === 'waiting');
    await server.close();
    expect(group.status()[0]?.state).toBe('ended');
    expect(clock.pending).toBe(0);
  });

  it('apply the limits of the core to addresses', async () => {
    const limits = { maxSessionsPerAddress: 1 };
    const trustedProxies: string[] = [];
    const { port, server } = await open({ trustedProxies }, { limits, trustedProxies });
    const first = await connect(port);
    await until(() => server.metrics()['sessionsOpen'] === 1);
    const second = await connect(port);
    second.resume();
    await once(second, 'close');
    expect(server.metrics()).toMatchObject({ limitSessionsPerAddress: 1, sessionsOpen: 1 });
    first.destroy();
    await until(() => server.metrics()['sessionsOpen'] === 0);
    await connect(port);
    await until(() => server.metrics()['sessionsOpen'] === 1);
  });

  it('close sockets that do not log in in time', async () => {
    const { port, server } = await open({}, { limits: { loginTimeoutMs: 50 } });
    const socket = await connect(port);
    socket.resume();
    await once(socket, 'close');
    expect(server.metrics()).toMatchObject({ limitLoginTimeout: 1, socketsWithoutLogin: 0 });
  });

  it('release the place of a socket that never becomes a connection', async () => {
    const { port, server } = await open({ tcp: undefined, websocket: { host, port: 0 } });
    const socket = await connect(port);
    await until(() => server.metrics()['socketsWithoutLogin'] === 1);
    socket.destroy();
    await until(() => server.metrics()['socketsWithoutLogin'] === 0);
    const waiting = await connect(port);
    await until(() => server.metrics()['socketsWithoutLogin'] === 1);
    waiting.write('GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    waiting.resume();
    await once(waiting, 'close');
    await until(() => server.metrics()['socketsWithoutLogin'] === 0);
  });

  it('count a peer under the address that a trusted proxy names', async () => {
    const { port, server } = await open({ tcp: { host, port: 0, proxyProtocol: 'required' } });
    const socket = await connect(port);
    const body = JSON.stringify({
      type: 0,
      dataContent: JSON.stringify({ loginUserId: 'alice', loginToken: '', firstLoginTime: 0 }),
      from: 'alice',
      to: '0',
    });
    socket.write(
      `PROXY TCP4 192.0.2.7 192.0.2.1 4711 8901\r\n\0\0\0${String.fromCharCode(body.length)}${body}`,
      'latin1',
    );
    await until(() => server.isOnline('alice'));
    expect(server.sessions('alice')).toMatchObject([{ remoteAddress: '192.0.2.7', remotePort: 4711 }]);
  });

  it('report malformed headers of proxies', async () => {
    const { port, server } = await open({ tcp: { host, port: 0, proxyProtocol: 'required' } });
    const violations: string[] = [];
    server.on('violation', ({ code, transport }) => violations.push(`${transport} ${code}`));
    const socket = await connect(port);
    socket.write('hello, no header here\r\n');
    await until(() => violations.length > 0);
    expect(violations).toEqual(['tcp ERR_PROXY_HEADER']);
  });

  it('reject the start if they cannot listen', async () => {
    const { port } = await open();
    await expect(open({ tcp: { host, port } })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  it('reject the start if one ends before it listens', async () => {
    const start: StartWorker = (_maxBodyBytes, onExit) => {
      setImmediate(() => onExit('code 1'));
      return { pid: 5, stream: new Duplex({ read() {}, write() {} }), kill() {} };
    };
    const message = 'worker 1 (process 5) ended with code 1';
    await expect(open({}, {}, start)).rejects.toMatchObject({ code: 'ERR_WORKER_LOST', message });
  });

  it('are killed when what they send is no record', async () => {
    const { start } = workersInProcess();
    const streams: Duplex[] = [];
    const { errors, group } = await open({}, {}, (...args) => {
      const process = start(...args);
      streams.push(process.stream);
      return process;
    });
    streams[0]?.emit('data', Buffer.from('garbage that is no record'));
    await until(() => group.status()[0]?.state === 'waiting');
    expect(errors[0]?.message).toMatch(
      /\(a record has the kind 103, the kinds are 1 to 23\); 0 connections ended/,
    );
  });

  it('are killed when they do not end in time', async () => {
    const clock = new VirtualClock();
    const killed: number[] = [];
    const { start } = workersInProcess();
    const { server } = await open({ clock }, {}, (maxBodyBytes, onExit) => {
      const process = start(maxBodyBytes, () => {});
      const kill = (): void => {
        killed.push(clock.now());
        onExit('signal SIGKILL');
      };
      return { ...process, kill };
    });
    const closed = server.close({ drainMs: 0 });
    const before = clock.now();
    await until(() => clock.pending > 0);
    await clock.runNextAsync();
    await closed;
    expect(killed).toEqual([before + 5000]);
  });
});

describe('the options of workers', () => {
  const start = workersInProcess().start;
  const tcp = { host, port: 0 };

  it.each([
    [{ tcp }, 'option count must be a whole number from 1 to 64, got undefined'],
    [{ count: 0, tcp }, 'option count must be a whole number from 1 to 64, got 0'],
    [{ count: 65, tcp }, 'option count must be a whole number from 1 to 64, got 65'],
    [{ count: '2', tcp }, 'option count must be a number, got the string "2"'],
    [{ count: 2 }, 'workers() must have at least one of tcp, websocket, udp'],
    [{ count: 2, tpc: tcp }, 'option tpc does not exist. Valid options: count, tcp, websocket, udp, '],
    [{ count: 2, tcp: { prt: 1 } }, 'option prt does not exist'],
    [{ count: 2, tcp, trustedProxies: ['x'] }, 'option trustedProxies[0] must be an IP address'],
    [{ count: 2, websocket: { server: {} } }, 'option websocket.server cannot be used in workers'],
    [
      { count: 2, tcp: { tls: { SNICallback: () => {} } } },
      'option tcp.tls.SNICallback must be data: it is sent to another process, got a function',
    ],
  ])('%o are rejected', (options, message) => {
    const act = () => workersOf(options as unknown as WorkersOptions, start);
    expect(act).toThrow(message);
    expect(act).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});
