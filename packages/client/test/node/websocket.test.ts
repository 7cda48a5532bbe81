import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient } from '../../src/create-client.js';
import { websocket } from '../../src/node/websocket.js';
import { type WebSocketLike, webSocketLink } from '../../src/websocket-link.js';
import { RecordingHandler } from '../fixtures/recording-handler.js';
import { selfSigned } from '../fixtures/self-signed.js';

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe('the WebSocket transport on Node.js', () => {
  it('carries each packet in a text message, in both directions, without compression', async () => {
    const server = await listen();
    const handler = new RecordingHandler();
    const link = websocket({ url: server.url, headers: { 'x-test': 'yes' } }).connect(handler);
    await handler.opening;
    const { socket, headers } = await server.connection;
    const received = new Promise((resolve) => {
      socket.once('message', (data, isBinary) => resolve([String(data), isBinary]));
    });

    link.send('{"a":"中😀"}');
    expect(await received).toEqual(['{"a":"中😀"}', false]);
    expect(headers['sec-websocket-extensions']).toBeUndefined();
    expect(headers['sec-websocket-protocol']).toBeUndefined();
    expect(headers['x-test']).toBe('yes');

    socket.send(Buffer.from('binary'));
    socket.send('{"b":2}');
    expect(await handler.frames(1)).toEqual(['{"b":2}']);
    link.close();
  });

  it('reports a missing server', async () => {
    const server = await listen();
    server.close();
    const handler = new RecordingHandler();

    websocket({ url: server.url }).connect(handler);

    expect(await handler.closing).toMatchObject({ code: 'ERR_LINK_FAILED', cause: { code: 'ECONNREFUSED' } });
    expect(handler.isOpen).toBe(false);
  });

  it('reports an invalid port or header', async () => {
    const port = new RecordingHandler();
    const header = new RecordingHandler();

    websocket({ url: 'ws://127.0.0.1:99999/' }).connect(port);
    websocket({ url: 'ws://127.0.0.1:1/', headers: { 'x-test': 'line\nbreak' } }).connect(header);

    expect(await port.closing).toMatchObject({ code: 'ERR_LINK_FAILED' });
    expect(await header.closing).toMatchObject({ code: 'ERR_LINK_FAILED' });
  });

  it('reports a wrong path', async () => {
    const server = await listen();
    const handler = new RecordingHandler();

    websocket({ url: server.url.replace('/websocket', '/elsewhere') }).connect(handler);

    expect(await handler.closing).toMatchObject({ code: 'ERR_LINK_FAILED' });
  });

  it('reports a close by the server: without an error if normal, else with the code', async () => {
    const orderly = await connected();
    orderly.socket.close(1000);
    expect(await orderly.handler.closing).toBeUndefined();

    const refused = await connected();
    refused.socket.close(1009, 'too large');
    expect(await refused.handler.closing).toMatchObject({
      code: 'ERR_LINK_CLOSED',
      message: expect.stringContaining('1009 too large'),
    });

    const broken = await connected();
    broken.socket.terminate();
    expect(await broken.handler.closing).toMatchObject({ code: 'ERR_LINK_CLOSED' });
  });

  it('closes after its output was sent', async () => {
    const { link, socket } = await connected();
    const received: string[] = [];
    socket.on('message', (data) => received.push(String(data)));
    const closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });

    link.send('{"type":3}');
    link.close();

    expect(await closed).toBe(1000);
    expect(received).toEqual(['{"type":3}']);
    expect(() => link.send('{}')).not.toThrow();
  });

  it('connects over TLS to a server with a trusted certificate only', async () => {
    const { key, cert } = selfSigned();
    const server = await listen({ key, cert });
    const stranger = new RecordingHandler();
    websocket({ url: server.url }).connect(stranger);
    expect(await stranger.closing).toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });

    const handler = new RecordingHandler();
    const link = websocket({ url: server.url, tls: { ca: cert, servername: 'localhost' } }).connect(handler);
    await handler.opening;
    (await server.connection).socket.send('{"a":1}');

    expect(await handler.frames(1)).toEqual(['{"a":1}']);
    link.close();
  });

  it('can be closed while the package ws is loading', async () => {
    const server = await listen();
    const handler = new RecordingHandler();

    const link = websocket({ url: server.url }).connect(handler);
    expect(link.bufferedBytes).toBe(0);
    link.close();
    for (let i = 0; i < 20; i++) await handler.turn();

    expect(handler.isOpen).toBe(false);
  });
});

describe('the WebSocket of the platform', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is used by a client with a URL', async () => {
    vi.stubGlobal('WebSocket', WebSocket);
    const server = await listen();
    const client = createClient({ url: server.url });

    const login = client.login({ userId: 'alice' });
    (await server.connection).socket.send(
      '{"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":5}"}',
    );

    await expect(login).resolves.toEqual({ firstLoginTime: 5 });
    await client.close();
  });

  it('throws at once on a platform without WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);

    expect(() => createClient({ url: 'ws://localhost/websocket' })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringContaining('@imcore/client/node'),
      }),
    );
  });
});

describe('a link over a WebSocket', () => {
  it('reports the buffered bytes', async () => {
    const server = await listen();
    const socket: WebSocketLike = new WebSocket(server.url);
    const handler = new RecordingHandler();
    const link = webSocketLink(socket, handler);
    await handler.opening;

    for (let i = 0; i < 200; i++) link.send('x'.repeat(60_000));

    expect(link.bufferedBytes).toBe(socket.bufferedAmount);
    expect(link.bufferedBytes).toBeGreaterThan(0);
    (await server.connection).socket.terminate();
    link.close();
  });
});

/** A WebSocket server at `/websocket` on a free port. */
async function listen(tls?: { key: string; cert: string }) {
  const http = tls === undefined ? createServer() : createTlsServer(tls);
  const server = new WebSocketServer({ server: http, path: '/websocket' });
  const close = (): void => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    http.close();
  };
  closing.push(close);
  const connection = new Promise<{ socket: WebSocket; headers: NodeJS.Dict<string | string[]> }>(
    (resolve) => {
      server.once('connection', (socket, { headers }) => {
        socket.on('error', () => {});
        resolve({ socket, headers });
      });
    },
  );
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const scheme = tls === undefined ? 'ws' : 'wss';
  return {
    url: `${scheme}://127.0.0.1:${(http.address() as AddressInfo).port}/websocket`,
    connection,
    close,
  };
}

async function connected() {
  const server = await listen();
  const handler = new RecordingHandler();
  const link = websocket({ url: server.url }).connect(handler);
  await handler.opening;
  const { socket } = await server.connection;
  return { link, handler, socket };
}
