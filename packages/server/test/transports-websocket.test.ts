import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { VirtualClock } from '@imcore/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { websocket } from '../src/transports/websocket.js';
import { firstOf, liveServers } from './support/live-server.js';
import { connectWebSocket, LOOPBACK, quiet, until, type WebSocketPeer } from './support/sockets.js';
import { acknowledgement, keepAlive, login, message, plainMessage } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;

function urlOf(port: number, path = '/websocket'): string {
  return `ws://${host}:${port}${path}`;
}

async function online(port: number, userId: string) {
  const peer = await connectWebSocket(urlOf(port));
  peer.write(login(userId));
  await until(() => peer.received.length > 0);
  peer.received.length = 0;
  return peer;
}

/** The socket below a WebSocket of `ws`, for frames that it does not send. */
function rawSocketOf({ socket }: WebSocketPeer): net.Socket {
  return (socket as unknown as { _socket: net.Socket })._socket;
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.text();
  return response.status;
}

describe('a server on WebSocket', () => {
  it('delivers a message and its acknowledgement from one client to the other', async () => {
    const { ports } = await start([websocket({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const bob = await online(firstOf(ports), 'bob');
    alice.write(message('alice', 'bob', '消息 😀', 'fp-1'));
    await until(() => bob.received.length > 0);
    expect(bob.received).toMatchObject([{ dataContent: '消息 😀', from: 'alice' }]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await until(() => alice.received.length > 0);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob' }]);
  });

  it.each([1, 125, 126, 127, 1000, 60_000])(
    'carries a message of %d more bytes than the shortest',
    async (bytes) => {
      const { ports } = await start([websocket({ host, port: 0 })]);
      const alice = await online(firstOf(ports), 'alice');
      alice.write(plainMessage('alice', 'alice', 'x'.repeat(bytes)));
      await until(() => alice.received.length > 0);
      expect(alice.received[0]?.dataContent).toHaveLength(bytes);
    },
  );

  it('carries messages beyond 65 535 bytes with maxBodyBytes', async () => {
    const { ports } = await start([websocket({ host, port: 0, maxBodyBytes: 200_000 })]);
    const alice = await online(firstOf(ports), 'alice');
    alice.write(plainMessage('alice', 'alice', 'x'.repeat(150_000)));
    await until(() => alice.received.length > 0);
    expect(alice.received[0]?.dataContent).toHaveLength(150_000);
  });

  it('offers neither compression nor a subprotocol', async () => {
    const { ports } = await start([websocket({ host, port: 0 })]);
    const peer = await connectWebSocket(urlOf(firstOf(ports)), { perMessageDeflate: true });
    expect([peer.socket.extensions, peer.socket.protocol]).toEqual(['', '']);
  });

  it('answers a plain HTTP request with 426', async () => {
    const { ports } = await start([websocket({ host, port: 0 })]);
    expect(await statusOf(`http://${host}:${firstOf(ports)}/websocket`)).toBe(426);
  });

  it.each([
    ['another path', urlOf, '/other', 404],
    ['a longer path', urlOf, '/websocket/', 404],
  ])('answers a handshake on %s with 404, and counts it', async (_name, url, path, status) => {
    const { ports, server } = await start([websocket({ host, port: 0 })]);
    const peer = await connectWebSocket(url(firstOf(ports), path));
    expect(peer.rejectedWith).toBe(status);
    expect(server.metrics()).toMatchObject({ handshakesRejected: 1, sessionsAccepted: 0 });
  });

  it('accepts a handshake on its path with a query', async () => {
    const { ports } = await start([websocket({ host, port: 0, path: '/chat' })]);
    const peer = await connectWebSocket(urlOf(firstOf(ports), '/chat?v=2'));
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
  });

  it('accepts web pages of its origins and clients without an origin, and rejects other pages', async () => {
    const { ports, server } = await start([
      websocket({ host, port: 0, origins: ['https://chat.example.com'] }),
    ]);
    const connect = (origin?: string) =>
      connectWebSocket(urlOf(firstOf(ports)), origin === undefined ? {} : { origin });
    expect((await connect('https://chat.example.com')).rejectedWith).toBeUndefined();
    expect((await connect()).rejectedWith).toBeUndefined();
    expect((await connect('https://evil.example.com')).rejectedWith).toBe(403);
    expect(server.metrics()['handshakesRejected']).toBe(1);
  });

  it('rejects a binary message with error 4 and closes', async () => {
    const { ports, events } = await start([websocket({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    alice.socket.send(Buffer.from(keepAlive('alice')));
    await until(() => alice.closeCode !== undefined);
    expect(alice.received).toMatchObject([{ type: 52, to: 'alice' }]);
    expect(JSON.parse(alice.received[0]?.dataContent ?? '')).toMatchObject({ errorCode: 4 });
    expect(alice.closeCode).toBe(1000);
    expect(events.violation).toMatchObject([{ code: 'ERR_MALFORMED_PACKET', transport: 'websocket' }]);
  });

  const ODD_FRAMES: [string, Buffer, number, string][] = [
    ['a message that is too long', Buffer.from('81ff0000000000010001', 'hex'), 1009, 'ERR_FRAME_TOO_LARGE'],
    ['the first fragment of a message', Buffer.from('0181000000007b', 'hex'), 1000, 'ERR_MALFORMED_PACKET'],
    ['a frame without a mask', Buffer.from('81017b', 'hex'), 1002, 'ERR_MALFORMED_PACKET'],
    ['text that is not UTF-8', Buffer.from('818100000000ff', 'hex'), 1007, 'ERR_MALFORMED_PACKET'],
  ];
  it.each(ODD_FRAMES)(
    'answers %s with error 4, closes, and reports it',
    async (_case, bytes, code, reported) => {
      const { ports, events } = await start([websocket({ host, port: 0 })]);
      const alice = await online(firstOf(ports), 'alice');
      rawSocketOf(alice).write(bytes);
      await until(() => alice.closeCode !== undefined);
      expect(alice.received).toMatchObject([{ type: 52, to: 'alice' }]);
      expect(JSON.parse(alice.received[0]?.dataContent ?? '')).toMatchObject({ errorCode: 4 });
      expect(alice.closeCode).toBe(code);
      expect(events.violation).toMatchObject([{ code: reported, userId: 'alice' }]);
      await until(() => events.offline.length === 1);
    },
  );

  it('disconnects a peer that sends pings and reads nothing', async () => {
    const limits = { maxBufferedBytes: 300_000, packetsPerSecond: 1_000_000 };
    const { ports, server, events } = await start([websocket({ host, port: 0 })], { limits });
    const peer = await connectWebSocket(urlOf(firstOf(ports)));
    const socket = rawSocketOf(peer);
    socket.pause();
    const pings = Buffer.concat(Array(10_000).fill(Buffer.from(`89fd00000000${'00'.repeat(125)}`, 'hex')));
    const sending = setInterval(() => socket.writableLength < 1_000_000 && socket.write(pings), 1);
    try {
      await until(() => events.limited.length > 0);
    } finally {
      clearInterval(sending);
    }
    expect(events.limited).toMatchObject([{ limit: 'maxBufferedBytes', value: 300_000 }]);
    expect(server.metrics()['limitBufferedBytes']).toBe(1);
    await until(() => server.metrics()['sessionsOpen'] === 0);
  });

  it('counts pings as packets, and reads no faster than packetsPerSecond', async () => {
    const clock = new VirtualClock();
    const limits = { packetsPerSecond: 10 };
    const { ports, events } = await start([websocket({ host, port: 0 })], { clock, limits });
    const alice = await online(firstOf(ports), 'alice');
    for (let sent = 0; sent < 40; sent++) alice.socket.ping();
    await until(() => events.limited.length > 0);
    expect(events.limited[0]).toMatchObject({ limit: 'packetsPerSecond', value: 10, userId: 'alice' });
  });

  const BAD_HANDSHAKES: [string, string, number][] = [
    ['another method', `POST /websocket HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13`, 405],
    ['no key', 'GET /websocket HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13', 400],
    [
      'another protocol',
      'GET /websocket HTTP/1.1\r\nUpgrade: h2c\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      400,
    ],
    [
      'another version',
      'GET /websocket HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      426,
    ],
  ];
  it.each(BAD_HANDSHAKES)('answers a handshake with %s with a status', async (_case, head, status) => {
    const { ports, server } = await start([websocket({ host, port: 0 })]);
    const socket = net.connect(firstOf(ports), host);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(`${head}\r\nHost: x\r\nConnection: Upgrade\r\n\r\n`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer.split('\r\n')[0]).toContain(`HTTP/1.1 ${status} `);
    expect(server.metrics()).toMatchObject({ handshakesRejected: 1, sessionsAccepted: 0 });
  });

  it('answers a ping, which does not extend the read deadline', async () => {
    const clock = new VirtualClock();
    const { ports } = await start([websocket({ host, port: 0 })], { clock });
    const alice = await online(firstOf(ports), 'alice');
    let pongs = 0;
    alice.socket.on('pong', () => {
      pongs += 1;
    });
    clock.advance(19_999);
    alice.socket.ping();
    await until(() => pongs === 1);
    clock.advance(1);
    await until(() => alice.closeCode !== undefined);
    expect(alice.closeCode).toBe(1000);
  });

  it('does not mix its answers with its control frames', async () => {
    const { ports } = await start([websocket({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    let pongs = 0;
    alice.socket.on('pong', () => {
      pongs += 1;
    });
    for (let i = 0; i < 100; i++) {
      alice.write(plainMessage('alice', 'alice', `${i}:${'x'.repeat(2000)}`));
      alice.socket.ping(`${i}`);
    }
    await until(() => alice.received.length === 100 && pongs === 100);
    expect(alice.received.every(({ dataContent }, index) => dataContent?.startsWith(`${index}:`))).toBe(true);
  });

  it('ends a session that is kicked out with the close frame of the original', async () => {
    const { ports, server } = await start([websocket({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    server.kick('alice');
    await until(() => alice.closeCode !== undefined);
    expect(alice.received).toMatchObject([{ type: 54 }]);
    expect(alice.closeCode).toBe(1000);
  });
});

describe('a server on an HTTP server of the application', () => {
  const opened: http.Server[] = [];
  afterEach(() => {
    for (const each of opened.splice(0)) {
      each.closeAllConnections();
      each.close();
    }
  });

  async function application(): Promise<{ server: http.Server; port: number }> {
    const server = http.createServer((_request, response) => response.end('home'));
    opened.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return { server, port: (server.address() as AddressInfo).port };
  }

  it('handles handshakes on its path and leaves other requests to the application', async () => {
    const { server, port } = await application();
    const { ports } = await start([websocket({ server, path: '/im' })]);
    expect(ports).toEqual([port]);
    const peer = await connectWebSocket(urlOf(port, '/im'));
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
    expect(await statusOf(`http://${host}:${port}/`)).toBe(200);
    expect((await connectWebSocket(urlOf(port, '/other'))).rejectedWith).toBe(404);
  });

  it('calls the function for the HTTP server when it starts to listen', async () => {
    let asked = 0;
    const transport = websocket({
      path: '/im',
      server: () => {
        asked += 1;
        return server;
      },
    });
    const { server, port } = await application();
    expect(asked).toBe(0);
    await start([transport]);
    expect(asked).toBe(1);
    const peer = await connectWebSocket(urlOf(port, '/im'));
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
  });

  it('checks origins there too', async () => {
    const { server, port } = await application();
    await start([websocket({ server, path: '/im', origins: ['https://chat.example.com'] })]);
    const refused = await connectWebSocket(urlOf(port, '/im'), { origin: 'https://evil.example.com' });
    expect(refused.rejectedWith).toBe(403);
  });

  it('leaves handshakes on other paths to other listeners', async () => {
    const { server, port } = await application();
    const others = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/other') return;
      others.handleUpgrade(request, socket, head, (peer) => peer.close(4000));
    });
    await start([websocket({ server, path: '/im' })]);
    const other = await connectWebSocket(urlOf(port, '/other'));
    await until(() => other.closeCode !== undefined);
    expect(other.closeCode).toBe(4000);
    const peer = await connectWebSocket(urlOf(port, '/im'));
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
  });

  it('ends its own connections when it closes and leaves the application running', async () => {
    const { server, port } = await application();
    const live = await start([websocket({ server, path: '/im' })]);
    const peer = await connectWebSocket(urlOf(port, '/im'));
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
    await live.server.close({ drainMs: 0 });
    await until(() => peer.closeCode !== undefined);
    expect(await statusOf(`http://${host}:${port}/`)).toBe(200);
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('rejects handshakes while it closes', async () => {
    const { server, port } = await application();
    const live = await start([websocket({ server, path: '/im' })]);
    const peer = await connectWebSocket(urlOf(port, '/im'));
    peer.write(login('alice'));
    await until(() => peer.received.length > 0);
    void live.server.send('alice', 'not acknowledged').catch(() => {});
    const closed = live.server.close({ drainMs: 300 });
    const late = await connectWebSocket(urlOf(port, '/im'));
    expect(late.rejectedWith).toBe(503);
    const others = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/other') others.handleUpgrade(request, socket, head, (other) => other.close(4000));
    });
    const other = await connectWebSocket(urlOf(port, '/other'));
    await until(() => other.closeCode !== undefined);
    expect(other.closeCode).toBe(4000);
    await closed;
    await quiet();
  });
});
