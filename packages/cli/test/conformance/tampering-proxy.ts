import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { TCP_HEADER_BYTES, TcpFrameReader, writeTcpHeader } from '@imcore/protocol';
import { type Frame, membersOf, readFrame, type WirePacket } from '../../src/conformance/wire.js';

const MAX_BODY_BYTES = 1024 * 1024;

/** One connection of a client through the proxy. */
export interface ProxiedConnection {
  /** After the login. */
  userId: string | undefined;
  /** Whether the login had an offer. */
  hasOffer: boolean;
  /** Whether the server has written a kick-out. */
  isKickedOut: boolean;
  toClient(packet: WirePacket): void;
  /** Both sides are cut. */
  cut(): void;
}

/** What a defective server does differently. Without a function everything is passed on as it is. */
export interface Tampering {
  /** What is written to the server instead of a packet. */
  toServer?(
    packet: WirePacket,
    from: ProxiedConnection,
    all: Iterable<ProxiedConnection>,
  ): readonly WirePacket[];
  /** What is written to the client instead of a packet. */
  toClient?(packet: WirePacket, to: ProxiedConnection): readonly WirePacket[];
  /** What the client gets before the end, if the server closes the connection without a kick-out. */
  beforeEnd?(connection: ProxiedConnection, all: Iterable<ProxiedConnection>): readonly WirePacket[];
  /** The client has closed the connection. */
  left?(connection: ProxiedConnection, all: Iterable<ProxiedConnection>): void;
}

/** A TCP proxy that makes a server defective. */
export class TamperingProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(serverPort: number, tampering: Tampering): Promise<TamperingProxy> {
    const sockets = new Set<Socket>();
    const all = new Set<ProxiedConnection>();
    const server = createServer((client) => {
      const upstream = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => sockets.delete(socket));
      }
      join(client, upstream, tampering, all);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TamperingProxy(server, sockets);
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}

function join(client: Socket, upstream: Socket, tampering: Tampering, all: Set<ProxiedConnection>): void {
  const connection: ProxiedConnection = {
    userId: undefined,
    hasOffer: false,
    isKickedOut: false,
    toClient: (packet) => write(client, JSON.stringify(packet)),
    cut() {
      client.destroy();
      upstream.destroy();
    },
  };
  all.add(connection);
  let hasLeft = false;
  read(client, ({ packet, body }) => {
    if (packet.type === 0) {
      const { loginUserId, x } = membersOf(JSON.parse(String(packet.dataContent)));
      connection.userId = typeof loginUserId === 'string' ? loginUserId : undefined;
      connection.hasOffer = x !== undefined;
    }
    for (const each of tampering.toServer?.(packet, connection, all) ?? [packet])
      write(upstream, each === packet ? body : JSON.stringify(each));
  });
  read(upstream, ({ packet, body }) => {
    if (packet.type === 54) connection.isKickedOut = true;
    for (const each of tampering.toClient?.(packet, connection) ?? [packet])
      write(client, each === packet ? body : JSON.stringify(each));
  });
  client.on('end', () => {
    hasLeft = true;
    all.delete(connection);
    tampering.left?.(connection, all);
    upstream.end();
  });
  upstream.on('end', () => {
    all.delete(connection);
    if (!hasLeft && !connection.isKickedOut)
      for (const packet of tampering.beforeEnd?.(connection, all) ?? [])
        write(client, JSON.stringify(packet));
    client.end();
  });
}

function read(socket: Socket, onFrame: (frame: Frame) => void): void {
  const reader = new TcpFrameReader<Buffer>(MAX_BODY_BYTES, Buffer.alloc);
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk, (bytes, start, end) => {
      onFrame(readFrame(bytes.toString('utf8', start, end)));
      return true;
    }),
  );
}

function write(socket: Socket, text: string): void {
  if (!socket.writable) return;
  const body = Buffer.from(text);
  const frame = Buffer.alloc(TCP_HEADER_BYTES + body.length);
  writeTcpHeader(frame, 0, body.length);
  frame.set(body, TCP_HEADER_BYTES);
  socket.write(frame);
}
