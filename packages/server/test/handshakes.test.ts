import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { VirtualClock } from '@imcore/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerOptions } from '../src/options.js';
import type { ServerTransport } from '../src/ports/transport.js';
import { tcp } from '../src/transports/tcp.js';
import { websocket } from '../src/transports/websocket.js';
import { type Certificate, makeCertificate } from './support/certificate.js';
import { firstOf, liveServers } from './support/live-server.js';
import { connectTcp, connectTls, connectWebSocket, LOOPBACK, until } from './support/sockets.js';
import { keepAlive, login } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;
let certificate: Certificate;
const applications: (http.Server | https.Server)[] = [];

beforeAll(() => {
  certificate = makeCertificate('one');
});

afterEach(() => {
  for (const server of applications.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const HALF_A_REQUEST = 'GET /websocket HTTP/1.1\r\nHost: ';
const BEGINNING_OF_A_HANDSHAKE = Buffer.from([0x16, 3, 1, 2, 0, 1]);
const BEGINNING_OF_A_FRAME = Buffer.from([0, 0, 0, 9, 0x7b]);

async function application(): Promise<http.Server> {
  const server = http.createServer((_request, response) => response.end('home'));
  applications.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return server;
}

async function secureApplication(): Promise<https.Server> {
  const server = https.createServer(certificate, (_request, response) => response.end('home'));
  applications.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return server;
}

const listeners: [string, () => ServerTransport | Promise<ServerTransport>, string | Buffer][] = [
  ['TCP', () => tcp({ host, port: 0 }), BEGINNING_OF_A_FRAME],
  ['TCP with TLS', () => tcp({ host, port: 0, tls: certificate }), BEGINNING_OF_A_HANDSHAKE],
  ['WebSocket', () => websocket({ host, port: 0 }), HALF_A_REQUEST],
  ['WebSocket with TLS', () => websocket({ host, port: 0, tls: certificate }), BEGINNING_OF_A_HANDSHAKE],
  ['a shared HTTP server', async () => websocket({ server: await application() }), HALF_A_REQUEST],
  [
    'a shared HTTPS server',
    async () => websocket({ server: await secureApplication() }),
    BEGINNING_OF_A_HANDSHAKE,
  ],
];

describe.each(listeners)('on %s', (_name, createTransport, beginning) => {
  const open = async (options: Partial<ServerOptions>) => {
    const live = await start([await createTransport()], options);
    return { ...live, port: firstOf(live.ports), metric: (name: string) => live.server.metrics()[name] };
  };

  it.each([
    ['sends nothing', ''],
    ['sends the beginning of a handshake', beginning],
  ])('a peer that %s is disconnected at the deadline of its login', async (_case, sent) => {
    const clock = new VirtualClock();
    const { port, events, metric } = await open({ clock, limits: { loginTimeoutMs: 5000 } });
    const peer = await connectTcp(port);
    peer.socket.write(sent);
    await until(() => metric('socketsWithoutLogin') === 1);
    clock.advance(4999);
    peer.socket.write(sent.slice(0, 1));
    expect(peer.isClosed).toBe(false);
    clock.advance(1);
    await until(() => peer.isClosed);
    expect(events.limited).toMatchObject([
      { limit: 'loginTimeoutMs', value: 5000, remoteAddress: host, userId: undefined },
    ]);
    expect(events.error).toEqual([]);
    expect([metric('limitLoginTimeout'), metric('socketsWithoutLogin')]).toEqual([1, 0]);
  });

  it('sockets count for the limits before the handshake and until they are closed', async () => {
    const limits = { maxSessionsPerAddress: 2 };
    const { port, events, metric } = await open({ limits, trustedProxies: [] });
    const [first, second] = [await connectTcp(port), await connectTcp(port)];
    second.socket.write(beginning);
    await until(() => metric('socketsWithoutLogin') === 2);
    const third = await connectTcp(port);
    third.socket.write(beginning);
    await until(() => third.isClosed);
    expect(events.limited).toMatchObject([{ limit: 'maxSessionsPerAddress', value: 2, remoteAddress: host }]);
    expect(metric('limitSessionsPerAddress')).toBe(1);
    first.socket.destroy();
    await until(() => metric('socketsWithoutLogin') === 1);
    await connectTcp(port);
    await until(() => metric('socketsWithoutLogin') === 2);
    expect(events.error).toEqual([]);
  });
});

describe('the deadline of the login', () => {
  it('applies to a WebSocket that is open and silent, which gets a close frame', async () => {
    const clock = new VirtualClock();
    const { ports, server } = await start([websocket({ host, port: 0 })], { clock });
    const peer = await connectWebSocket(`ws://${host}:${firstOf(ports)}/websocket`);
    await until(() => server.metrics()['sessionsOpen'] === 1);
    clock.advance(20_000);
    await until(() => peer.closeCode !== undefined);
    expect(peer.closeCode).toBe(1000);
    expect(server.metrics()).toMatchObject({ limitLoginTimeout: 1, sessionsTimedOut: 0 });
  });

  it('is not extended by packets of a session that is not logged in', async () => {
    const clock = new VirtualClock();
    const { ports, server } = await start([tcp({ host, port: 0 })], { clock });
    const peer = await connectTcp(firstOf(ports));
    await until(() => server.metrics()['sessionsOpen'] === 1);
    clock.advance(19_999);
    peer.write('{"type":5,"dataContent":"v"}');
    await until(() => peer.received.length === 1);
    clock.advance(1);
    await until(() => peer.isClosed);
  });

  it('ends when a login arrives, however long it takes to decide', async () => {
    const clock = new VirtualClock();
    let decide = (): void => {};
    const authenticate = () =>
      new Promise<{ accept: true }>((resolve) => {
        decide = () => resolve({ accept: true });
      });
    const options = {
      clock,
      hooks: { authenticate },
      hookTimeoutMs: 60_000,
      limits: { loginTimeoutMs: 1000 },
    };
    const { ports, server } = await start([tcp({ host, port: 0, tls: certificate })], options);
    const { peer } = await connectTls(firstOf(ports));
    peer.write(login('alice'));
    await until(() => server.metrics()['packetsReceived'] === 1);
    expect(server.metrics()['socketsWithoutLogin']).toBe(0);
    clock.advance(5000);
    decide();
    await until(() => peer.received.length === 1);
    clock.advance(5000);
    peer.write(keepAlive('alice'));
    await until(() => peer.received.length === 2);
  });

  it('leaves requests to the application of a shared HTTP server', async () => {
    const clock = new VirtualClock();
    let respond = (): void => {};
    const server = http.createServer((_request, response) => {
      respond = () => response.end('late');
    });
    applications.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const live = await start([websocket({ server })], { clock });
    const { port } = server.address() as AddressInfo;
    const answer = fetch(`http://${host}:${port}/`).then((response) => response.text());
    await until(() => live.server.metrics()['socketsWithoutLogin'] === 0 && String(respond).includes('late'));
    clock.advance(60_000);
    respond();
    expect(await answer).toBe('late');
  });

  it.each(['websocket', 'countSockets'])(
    'leaves upgrades that other listeners take to them, with %s',
    async (kind) => {
      const clock = new VirtualClock();
      const server = await application();
      const taken = new Promise<void>((resolve) =>
        server.on('upgrade', (_request, socket) => {
          socket.on('data', (chunk) => socket.write(chunk));
          resolve();
        }),
      );
      const transport = kind === 'websocket' ? websocket({ server }) : tcp({ host, port: 0 });
      const live = await start([transport], { clock });
      if (kind === 'countSockets') live.server.countSockets(server);
      const { port } = server.address() as AddressInfo;
      const socket = net.connect(port, host);
      socket.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await taken;
      const echoes = once(socket, 'data');
      socket.write('hello');
      expect(String((await echoes)[0])).toBe('hello');
      expect(live.server.metrics()['socketsWithoutLogin']).toBe(0);
      clock.advance(60_000);
      const more = once(socket, 'data');
      socket.write('still here');
      expect(String((await more)[0])).toBe('still here');
      socket.destroy();
    },
  );
});

describe('a socket beyond a limit', () => {
  it('is closed before its handshake is read', async () => {
    const limits = { maxSessions: 1 };
    const { ports, server } = await start([websocket({ host, port: 0 })], { limits });
    const url = `ws://${host}:${firstOf(ports)}/websocket`;
    await connectWebSocket(url);
    const second = await connectWebSocket(url);
    await until(() => second.closeCode !== undefined);
    expect(second.closeCode).toBe(1006);
    expect(server.metrics()).toMatchObject({ limitSessions: 1, sessionsRejected: 1, sessionsAccepted: 1 });
  });

  it('is rejected on one port because of sockets on another', async () => {
    const options = { limits: { maxSessionsPerAddress: 1 }, trustedProxies: [] };
    const { ports } = await start([tcp({ host, port: 0 }), websocket({ host, port: 0 })], options);
    await connectTcp(ports[0] ?? 0);
    const peer = await connectTcp(ports[1] ?? 0);
    await until(() => peer.isClosed);
  });
});

describe('a server that closes', () => {
  it('does not wait for handshakes that are never finished', async () => {
    const transports = [
      tcp({ host, port: 0, tls: certificate }),
      websocket({ host, port: 0, tls: certificate }),
    ];
    const { ports, server } = await start(transports);
    const peers = await Promise.all(ports.map(connectTcp));
    await until(() => server.metrics()['socketsWithoutLogin'] === 2);
    await server.close({ drainMs: 0 });
    await until(() => peers.every(({ isClosed }) => isClosed));
  });
});

describe('a socket that the peer has reset before it was accepted', () => {
  it('does not count', async () => {
    const { ports, server } = await start([tcp({ host, port: 0 })]);
    const sockets = Array.from({ length: 20 }, () => net.connect(firstOf(ports), host));
    for (const socket of sockets) socket.once('connect', () => socket.resetAndDestroy());
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    await until(
      () => server.metrics()['socketsWithoutLogin'] === 0 && server.metrics()['sessionsOpen'] === 0,
    );
  });
});
