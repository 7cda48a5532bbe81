import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { ImServer } from '../src/server.js';
import { tcp } from '../src/transports/tcp.js';
import { websocket } from '../src/transports/websocket.js';
import { makeCertificate } from './support/certificate.js';
import { firstOf, liveServers } from './support/live-server.js';
import { connectWebSocket, frame, LOOPBACK, until } from './support/sockets.js';
import { login } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;
/** The proxy connects from here. Clients and others have other addresses of loopback, which are not trusted. */
const trustedProxies = [LOOPBACK];
const PROXY_V1 = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.9 51234 8901\r\n');
const SIGNATURE = '0d0a0d0a000d0a515549540a';
const PROXY_V2 = Buffer.from(`${SIGNATURE}21110013c0000201c0000209c82222c5030004deadbeef`, 'hex');
const LOCAL = Buffer.from(`${SIGNATURE}20000000`, 'hex');

/** A connection that collects what it gets. */
class RawPeer {
  readonly socket: net.Socket;
  receivedBytes = 0;
  isClosed = false;

  constructor(port: number, localAddress: string) {
    this.socket = net.connect({ host, port, localAddress });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      this.receivedBytes += chunk.length;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  write(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Resolves with whether the server has answered; otherwise it has closed the connection. */
  async isAnswered(): Promise<boolean> {
    await until(() => this.receivedBytes > 0 || this.isClosed);
    return this.receivedBytes > 0;
  }
}

const connect = (port: number, localAddress = LOOPBACK) => new RawPeer(port, localAddress);

function addressesOf(server: ImServer): [string, number][] {
  return server.sessions().map(({ remoteAddress, remotePort }) => [remoteAddress, remotePort]);
}

describe('a TCP transport with the PROXY protocol', () => {
  it.each([
    ['1', PROXY_V1],
    ['2', PROXY_V2],
  ])(
    'takes the address from a header of version %s, with the login in the same chunk',
    async (_version, header) => {
      const { server, ports } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
        trustedProxies,
      });
      const peer = connect(firstOf(ports));
      peer.write(header, frame(login('alice')));
      expect(await peer.isAnswered()).toBe(true);
      expect(addressesOf(server)).toEqual([['192.0.2.1', 51_234]]);
    },
  );

  it.each([
    ['1', PROXY_V1],
    ['2', PROXY_V2],
  ])('takes the address from a header of version %s that arrives byte by byte', async (_version, header) => {
    const { server, ports } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
    });
    const peer = connect(firstOf(ports));
    peer.socket.setNoDelay(true);
    for (const byte of Buffer.concat([header, frame(login('alice'))])) {
      peer.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await peer.isAnswered()).toBe(true);
    expect(addressesOf(server)).toEqual([['192.0.2.1', 51_234]]);
  });

  it.each(['in one chunk', 'apart'])('reads the header before the TLS handshake, %s', async (how) => {
    const certificate = makeCertificate('im');
    const transport = tcp({ host, port: 0, proxyProtocol: 'required', tls: certificate });
    const { server, ports } = await start([transport], { trustedProxies });
    const raw = net.connect({ host, port: firstOf(ports) });
    raw.on('error', () => {});
    if (how === 'in one chunk') raw.cork();
    raw.write(PROXY_V2);
    const secure = tls.connect({ socket: raw, rejectUnauthorized: false });
    raw.uncork();
    let received = 0;
    secure.on('data', (chunk) => {
      received += chunk.length;
    });
    secure.on('error', () => {});
    secure.write(frame(login('alice')));
    await until(() => received > 0 || secure.destroyed);
    expect(addressesOf(server)).toEqual([['192.0.2.1', 51_234]]);
    secure.destroy();
    await until(() => server.onlineCount === 0);
    expect(server.metrics()).toMatchObject({
      proxyHeadersRejected: 0,
      handshakesRejected: 0,
      sessionsOpen: 0,
    });
  });

  it('limits the address that the header names, not the proxy', async () => {
    const { server, ports, events } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
      limits: { maxSessionsPerAddress: 1 },
    });
    const [first, second] = [connect(firstOf(ports)), connect(firstOf(ports))];
    first.write(PROXY_V1, frame(login('alice')));
    expect(await first.isAnswered()).toBe(true);
    second.write(PROXY_V1, frame(login('bob')));
    expect(await second.isAnswered()).toBe(false);
    expect(events.limited).toMatchObject([{ limit: 'maxSessionsPerAddress', remoteAddress: '192.0.2.1' }]);
    first.socket.destroy();
    await until(() => server.onlineCount === 0);
    const third = connect(firstOf(ports));
    third.write(PROXY_V1, frame(login('carol')));
    expect(await third.isAnswered()).toBe(true);
    expect(server.metrics()).toMatchObject({ proxyHeadersRejected: 0, violations: 0 });
  });

  it('exempts connections for which the proxy names no address', async () => {
    const { server, ports } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
      limits: { maxSessionsPerAddress: 1 },
    });
    for (const [index, header] of [LOCAL, LOCAL, Buffer.from('PROXY UNKNOWN\r\n')].entries()) {
      const peer = connect(firstOf(ports));
      peer.write(header, frame(login(`user-${index}`)));
      expect(await peer.isAnswered()).toBe(true);
    }
    expect(addressesOf(server).map(([address]) => address)).toEqual([LOOPBACK, LOOPBACK, LOOPBACK]);
  });

  it('takes a header from another address for an invalid frame', async () => {
    const { server, ports, events } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
    });
    for (const header of [PROXY_V1, PROXY_V2]) {
      const peer = connect(firstOf(ports), '127.0.0.2');
      peer.write(header, frame(login('alice')));
      await until(() => peer.isClosed);
    }
    const violation = { code: 'ERR_FRAME_TOO_LARGE', remoteAddress: '127.0.0.2' };
    expect(events.violation).toMatchObject([violation, violation]);
    expect(server.metrics()).toMatchObject({ loginsAccepted: 0, proxyHeadersRejected: 0 });
    const direct = connect(firstOf(ports), '127.0.0.2');
    direct.write(frame(login('alice')));
    expect(await direct.isAnswered()).toBe(true);
    expect(addressesOf(server)).toEqual([['127.0.0.2', direct.socket.localPort]]);
  });

  it.each([
    ['is missing', frame(login('alice')), 'a connection of a trusted proxy must begin with it'],
    [
      'is malformed',
      Buffer.from('PROXY TCP4 x y 1 2\r\n'),
      'the line is not PROXY TCP4|TCP6|UNKNOWN with addresses and ports',
    ],
    ['is too long', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(500)}`), 'no line end within 107 bytes'],
    ['has an unknown version', Buffer.from(`${SIGNATURE}31110000`, 'hex'), 'version 3 is not 2'],
  ])('closes, counts and reports a connection of a proxy whose header %s', async (_name, bytes, reason) => {
    const { server, ports, events } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
    });
    const peer = connect(firstOf(ports));
    peer.write(bytes);
    expect(await peer.isAnswered()).toBe(false);
    const [remoteAddress, transport, userId] = [LOOPBACK, 'tcp', undefined];
    expect(events.violation).toEqual([
      { code: 'ERR_PROXY_HEADER', reason: `PROXY header: ${reason}`, remoteAddress, transport, userId },
    ]);
    expect(server.metrics()).toMatchObject({ proxyHeadersRejected: 1, violations: 1, sessionsAccepted: 0 });
  });

  it('reports a header that ends in the middle, and nothing for a connection without a byte', async () => {
    const { server, ports, events } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
    });
    const silent = connect(firstOf(ports));
    silent.socket.end();
    await until(() => silent.isClosed);
    const peer = connect(firstOf(ports));
    peer.socket.end(PROXY_V1.subarray(0, 10));
    await until(() => peer.isClosed && events.violation.length > 0);
    expect(events.violation).toMatchObject([
      { reason: 'PROXY header: the connection ended after 10 bytes of it' },
    ]);
    expect(server.metrics()).toMatchObject({ proxyHeadersRejected: 1, socketsWithoutLogin: 0 });
  });

  it('accepts connections without a header where it is optional', async () => {
    const { server, ports } = await start([tcp({ host, port: 0, proxyProtocol: 'optional' })], {
      trustedProxies,
    });
    const [plain, proxied] = [connect(firstOf(ports)), connect(firstOf(ports))];
    plain.write(frame(login('alice')));
    expect(await plain.isAnswered()).toBe(true);
    proxied.write(PROXY_V2, frame(login('bob')));
    expect(await proxied.isAnswered()).toBe(true);
    expect(addressesOf(server)).toEqual([
      [LOOPBACK, plain.socket.localPort],
      ['192.0.2.1', 51_234],
    ]);
  });

  it('closes a connection whose header does not arrive before the deadline of the login', async () => {
    const { server, ports, events } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
      limits: { loginTimeoutMs: 100 },
    });
    const peer = connect(firstOf(ports));
    await until(() => peer.isClosed);
    expect(events.limited).toMatchObject([{ limit: 'loginTimeoutMs', remoteAddress: LOOPBACK }]);
    expect(server.metrics()).toMatchObject({ socketsWithoutLogin: 0 });
  });

  it('closes although headers have not arrived', async () => {
    const { server, ports } = await start([tcp({ host, port: 0, proxyProtocol: 'required' })], {
      trustedProxies,
    });
    const peer = connect(firstOf(ports));
    peer.write(PROXY_V1.subarray(0, 10));
    await until(() => server.metrics()['socketsWithoutLogin'] === 1);
    await server.close({ drainMs: 0 });
    await until(() => peer.isClosed);
  });
});

describe('a WebSocket transport behind a proxy', () => {
  const open = async (
    port: number,
    userId: string,
    headers: Readonly<Record<string, string | string[]>>,
    localAddress = LOOPBACK,
  ) => {
    const options = { headers: headers as Record<string, string>, localAddress };
    const peer = await connectWebSocket(`ws://${host}:${port}/websocket`, options);
    if (peer.socket.readyState === peer.socket.OPEN) peer.write(login(userId));
    const isOver = () => peer.rejectedWith !== undefined || peer.socket.readyState === peer.socket.CLOSED;
    await until(() => peer.received.length > 0 || isOver());
    return peer;
  };

  it.each([
    ['x-forwarded-for', { 'x-forwarded-for': '192.0.2.1' }, ['192.0.2.1', 0]],
    ['x-forwarded-for', { 'x-forwarded-for': ['203.0.113.9', '192.0.2.1:4711'] }, ['192.0.2.1', 4711]],
    ['x-forwarded-for', { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=203.0.113.9' }, ['192.0.2.1', 0]],
    ['forwarded', { forwarded: 'for="[2001:db8::1]:4711";proto=https' }, ['2001:db8::1', 4711]],
    ['forwarded', { forwarded: ['for=203.0.113.9', 'for=192.0.2.1'] }, ['192.0.2.1', 0]],
    ['forwarded', { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=192.0.2.1' }, ['192.0.2.1', 0]],
  ] as const)('takes the address from %s: %j', async (forwardedHeader, headers, expected) => {
    const { server, ports } = await start([websocket({ host, port: 0, forwardedHeader })], {
      trustedProxies,
    });
    await open(firstOf(ports), 'alice', headers as unknown as Record<string, string[]>);
    expect(addressesOf(server)).toEqual([expected]);
  });

  it('takes the address on the port of another HTTP server', async () => {
    const shared = http.createServer();
    await new Promise<void>((resolve) => shared.listen(0, host, resolve));
    const { server } = await start([websocket({ server: shared })], { trustedProxies });
    const { port } = shared.address() as net.AddressInfo;
    await open(port, 'alice', { 'x-forwarded-for': '192.0.2.1' });
    expect(addressesOf(server)).toEqual([['192.0.2.1', 0]]);
    await server.close({ drainMs: 0 });
    shared.close();
  });

  it('takes the address from a proxy on a Unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'imcore-proxied-'));
    const path = join(directory, 'im.sock');
    const shared = http.createServer();
    await new Promise<void>((resolve) => shared.listen(path, resolve));
    const { server } = await start([websocket({ server: shared })], { limits: { maxSessionsPerAddress: 1 } });
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    const peer = await connectWebSocket(`ws+unix:${path}:/websocket`, { headers });
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
    expect(addressesOf(server)).toEqual([['192.0.2.1', 0]]);
    expect((await connectWebSocket(`ws+unix:${path}:/websocket`, { headers })).rejectedWith).toBe(503);
    await server.close({ drainMs: 0 });
    shared.close();
    rmSync(directory, { recursive: true });
  });

  it('limits the address that the header names, and exempts the proxy without a header', async () => {
    const { ports, events } = await start([websocket({ host, port: 0 })], {
      trustedProxies,
      limits: { maxSessionsPerAddress: 1 },
    });
    const from = { 'x-forwarded-for': '192.0.2.1' };
    expect((await open(firstOf(ports), 'alice', from)).received).toHaveLength(1);
    expect((await open(firstOf(ports), 'bob', from)).rejectedWith).toBe(503);
    expect((await open(firstOf(ports), 'carol', {})).received).toHaveLength(1);
    expect((await open(firstOf(ports), 'dave', {})).received).toHaveLength(1);
    expect(events.limited).toMatchObject([{ limit: 'maxSessionsPerAddress', remoteAddress: '192.0.2.1' }]);
  });

  it('ignores the headers of others', async () => {
    const { server, ports } = await start([websocket({ host, port: 0 })], {
      trustedProxies,
      limits: { maxSessionsPerAddress: 1 },
    });
    const forged = (address: string) => ({ 'x-forwarded-for': address, forwarded: `for=${address}` });
    expect((await open(firstOf(ports), 'alice', forged('203.0.113.1'), '127.0.0.2')).received).toHaveLength(
      1,
    );
    expect(addressesOf(server).map(([address]) => address)).toEqual(['127.0.0.2']);
    expect((await open(firstOf(ports), 'bob', forged('203.0.113.2'), '127.0.0.2')).received).toEqual([]);
  });

  it('answers a malformed header of a proxy with 400, counts and reports it', async () => {
    const { server, ports, events } = await start([websocket({ host, port: 0 })], { trustedProxies });
    const peer = await open(firstOf(ports), 'alice', { 'x-forwarded-for': '192.0.2.1, nonsense' });
    expect(peer.rejectedWith).toBe(400);
    expect(events.violation).toMatchObject([
      {
        code: 'ERR_PROXY_HEADER',
        reason: 'the header x-forwarded-for is invalid: an entry of a trusted proxy is not an IP address',
        transport: 'websocket',
        remoteAddress: LOOPBACK,
      },
    ]);
    expect(server.metrics()).toMatchObject({ proxyHeadersRejected: 1, sessionsAccepted: 0 });
  });
});

describe('the options', () => {
  it('name the allowed values', () => {
    expect(() => tcp({ proxyProtocol: true as unknown as 'required' })).toThrow(
      'option proxyProtocol must be one of off, optional, required, got true',
    );
    expect(() => websocket({ forwardedHeader: 'x-real-ip' as unknown as 'forwarded' })).toThrow(
      'option forwardedHeader must be one of x-forwarded-for, forwarded, got the string "x-real-ip"',
    );
  });
});
