import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type TcpOptions, tcp } from '../../src/node/tcp.js';
import { RecordingHandler } from '../fixtures/recording-handler.js';
import { selfSigned } from '../fixtures/self-signed.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('the TCP transport', () => {
  it('writes the length before each packet and joins packets sent together', async () => {
    const { link, peer } = await connected();

    link.send('{"a":1}');
    link.send('{"b":"中😀"}');

    const expected = Buffer.concat([frame('{"a":1}'), frame('{"b":"中😀"}')]);
    expect(await peer.read(expected.length)).toEqual(expected);
    expect(expected.subarray(0, 4)).toEqual(Buffer.from([0, 0, 0, 7]));
    link.close();
  });

  it('reads packets for any split of the stream', async () => {
    const { link, peer, handler } = await connected();
    const bytes = Buffer.concat([frame('{"first":1}'), frame('{"中":"😀"}'), frame('{"third":3}')]);

    for (const byte of bytes.subarray(0, 25)) {
      peer.socket.write(Buffer.from([byte]));
      await handler.turn();
    }
    peer.socket.write(bytes.subarray(25));

    expect(await handler.frames(3)).toEqual(['{"first":1}', '{"中":"😀"}', '{"third":3}']);
    link.close();
  });

  it('reports nothing after it was closed, not even the rest of a chunk', async () => {
    const { link, peer, handler } = await connected();
    handler.onReceived = () => link.close();

    peer.socket.write(Buffer.concat([frame('{"n":1}'), frame('{"n":2}')]));

    await peer.ended;
    expect(handler.all).toEqual(['{"n":1}']);
  });

  it.each([
    ['longer than allowed', 6145, 'ERR_FRAME_TOO_LARGE'],
    ['empty', 0, 'ERR_EMPTY_FRAME'],
  ])('closes a link on which the announced packet is %s', async (_name, length, code) => {
    const { peer, handler } = await connected();
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);

    peer.socket.write(header);

    expect(await handler.closing).toMatchObject({ name: 'ProtocolError', code });
    await peer.ended;
  });

  it('accepts a packet of exactly the maximum length', async () => {
    const { link, peer, handler } = await connected({ maxBodyBytes: 100 });
    const body = 'x'.repeat(100);

    peer.socket.write(frame(body));

    expect(await handler.frames(1)).toEqual([body]);
    link.close();
  });

  it('reports a refused connection', async () => {
    const port = await freePort();
    const handler = new RecordingHandler();

    tcp({ host: '127.0.0.1', port }).connect(handler);

    expect(await handler.closing).toMatchObject({ code: 'ERR_LINK_FAILED', cause: { code: 'ECONNREFUSED' } });
    expect(handler.isOpen).toBe(false);
  });

  it('reports a close by the server: without an error if normal, with one if broken', async () => {
    const orderly = await connected();
    orderly.peer.socket.end();
    expect(await orderly.handler.closing).toBeUndefined();

    const broken = await connected();
    broken.peer.socket.resetAndDestroy();
    expect(await broken.handler.closing).toMatchObject({
      code: 'ERR_LINK_CLOSED',
      cause: { code: 'ECONNRESET' },
    });
  });

  it('closes after its output was sent, and ignores input meanwhile', async () => {
    const { link, peer, handler } = await connected();
    peer.socket.pause();
    const body = 'x'.repeat(6_000);
    for (let i = 0; i < 400; i++) link.send(body);

    link.close();
    await new Promise((resolve) => {
      peer.socket.write(frame('{"late":1}'), resolve);
    });
    for (let i = 0; i < 10; i++) await handler.turn();
    peer.socket.resume();

    expect((await peer.read(400 * 6_004)).length).toBe(2_401_600);
    await peer.ended;
    expect(handler.all).toEqual([]);
  });

  it('can be closed while connecting', async () => {
    const { port } = await listen();
    const handler = new RecordingHandler();

    tcp({ host: '127.0.0.1', port }).connect(handler).close();

    expect(await handler.closing).toBeUndefined();
    expect(handler.isOpen).toBe(false);
  });

  it('does not send on a closed link', async () => {
    const { link, peer, handler } = await connected();
    peer.socket.destroy();
    await handler.closing;

    expect(() => link.send('{}')).not.toThrow();
    await handler.turn();
  });

  it('counts the buffered bytes for a peer that does not read', async () => {
    const { link, peer, handler } = await connected();
    peer.socket.pause();

    for (let i = 0; i < 5_000; i++) link.send('x'.repeat(6_000));
    await handler.turn();

    expect(link.bufferedBytes).toBeGreaterThan(10_000_000);
    peer.socket.destroy();
    link.close();
  });
});

describe('the TCP transport with TLS', () => {
  it('connects to a server with a trusted certificate', async () => {
    const { key, cert } = selfSigned();
    const { port, connection } = await listen({ key, cert });
    const handler = new RecordingHandler();

    const link = tcp({ host: '127.0.0.1', port, tls: { ca: cert, servername: 'localhost' } }).connect(
      handler,
    );
    await handler.opening;
    link.send('{"a":1}');

    expect(await (await connection).read(11)).toEqual(frame('{"a":1}'));
    link.close();
  });

  it('does not connect to a server with an untrusted certificate', async () => {
    const { port } = await listen(selfSigned());
    const handler = new RecordingHandler();

    tcp({ host: '127.0.0.1', port, tls: true }).connect(handler);

    expect(await handler.closing).toMatchObject({
      code: 'ERR_LINK_FAILED',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    expect(handler.isOpen).toBe(false);
  });
});

/** The server side of a connection. */
class Peer {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  #bytes = Buffer.alloc(0);
  #onBytes = (): void => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#onBytes();
    });
    this.ended = new Promise((resolve) => {
      socket.on('close', () => resolve());
    });
  }

  /** Waits until `count` bytes in total were received and returns all of them. */
  async read(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      await new Promise<void>((resolve) => {
        this.#onBytes = resolve;
      });
    }
    return this.#bytes;
  }
}

async function listen(tls?: { key: string; cert: string }) {
  let accept: (peer: Peer) => void;
  const connection = new Promise<Peer>((resolve) => {
    accept = resolve;
  });
  const onSocket = (socket: Socket): void => accept(new Peer(socket));
  const server = tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, connection };
}

async function connected(options: Partial<TcpOptions> = {}) {
  const { port, connection } = await listen();
  const handler = new RecordingHandler();
  const link = tcp({ host: '127.0.0.1', port, ...options }).connect(handler);
  await handler.opening;
  return { link, handler, peer: await connection };
}

/** A port without a listener. */
async function freePort(): Promise<number> {
  const { port } = await listen();
  const server = servers.pop();
  await new Promise((resolve) => {
    server?.close(resolve);
  });
  return port;
}

function frame(body: string): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes.length);
  return Buffer.concat([header, bytes]);
}
