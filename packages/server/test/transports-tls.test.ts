import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { tcp } from '../src/transports/tcp.js';
import { websocket } from '../src/transports/websocket.js';
import { type Certificate, makeCertificate } from './support/certificate.js';
import { firstOf, liveServers } from './support/live-server.js';
import {
  commonNameOf,
  connectTcp,
  connectTls,
  connectWebSocket,
  LOOPBACK,
  until,
  type WebSocketPeer,
} from './support/sockets.js';
import { keepAlive, login, message } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;
let one: Certificate;
let two: Certificate;

beforeAll(() => {
  one = makeCertificate('one');
  two = makeCertificate('two');
});

describe('a server on TCP with TLS', () => {
  it('carries the same frames', async () => {
    const { ports } = await start([tcp({ host, port: 0, tls: one })]);
    const { peer, commonName } = await connectTls(firstOf(ports));
    expect(commonName).toBe('one');
    peer.write(login('alice'), message('alice', '0', '消息', 'fp-1'));
    await until(() => peer.received.length === 2);
    expect(peer.received).toMatchObject([{ type: 50 }, { type: 4, dataContent: 'fp-1' }]);
  });

  it('uses a new certificate for new connections only, without a restart', async () => {
    const transport = tcp({ host, port: 0, tls: one });
    const { ports, server } = await start([transport]);
    const old = await connectTls(firstOf(ports));
    old.peer.write(login('alice'));
    await until(() => old.peer.received.length === 1);
    transport.reloadTls(two);
    const fresh = await connectTls(firstOf(ports));
    expect(fresh.commonName).toBe('two');
    fresh.peer.write(login('bob'));
    old.peer.write(keepAlive('alice'));
    await until(() => old.peer.received.length === 2 && fresh.peer.received.length === 1);
    expect(old.peer.received[1]).toMatchObject({ type: 51 });
    expect(server.onlineCount).toBe(2);
  });

  it('rejects and counts a client without TLS', async () => {
    const { ports, server, events } = await start([tcp({ host, port: 0, tls: one })]);
    const peer = await connectTcp(firstOf(ports));
    peer.write(login('alice'));
    await until(() => peer.isClosed);
    await until(() => server.metrics()['handshakesRejected'] === 1);
    expect(server.metrics()['sessionsAccepted']).toBe(0);
    expect(events.error).toEqual([]);
  });

  it('closes although a handshake never finishes', async () => {
    const { ports, server } = await start([tcp({ host, port: 0, tls: one })]);
    const peer = await connectTcp(firstOf(ports));
    await server.close({ drainMs: 0 });
    await until(() => peer.isClosed);
  });

  it('rejects a key that does not belong to the certificate', async () => {
    expect(() => tcp({ tls: { key: one.key, cert: two.cert } })).toThrow();
    const transport = tcp({ host, port: 0, tls: one });
    const { ports } = await start([transport]);
    expect(() => transport.reloadTls({ key: two.key, cert: one.cert })).toThrow();
    expect((await connectTls(firstOf(ports))).commonName).toBe('one');
  });
});

describe('a server on WebSocket with TLS', () => {
  const nameOf = (peer: WebSocketPeer, socket: TLSSocket | undefined): string => {
    expect(peer.rejectedWith).toBeUndefined();
    return socket === undefined ? 'none' : commonNameOf(socket);
  };

  async function connect(port: number): Promise<{ peer: WebSocketPeer; commonName: string }> {
    let socket: TLSSocket | undefined;
    const peer = await connectWebSocket(`wss://${host}:${port}/websocket`, {
      finishRequest: (request) => {
        request.on('socket', (opened) => {
          socket = opened as TLSSocket;
        });
        request.end();
      },
    });
    return { peer, commonName: nameOf(peer, socket) };
  }

  it('uses a new certificate for new connections only, without a restart', async () => {
    const transport = websocket({ host, port: 0, tls: one });
    const { ports } = await start([transport]);
    const old = await connect(firstOf(ports));
    expect(old.commonName).toBe('one');
    old.peer.write(login('alice'));
    await until(() => old.peer.received.length === 1);
    transport.reloadTls(two);
    const fresh = await connect(firstOf(ports));
    expect(fresh.commonName).toBe('two');
    old.peer.write(keepAlive('alice'));
    await until(() => old.peer.received.length === 2);
    expect(old.peer.received[1]).toMatchObject({ type: 51 });
  });
});
