import type net from 'node:net';
import { type BinaryString, ProtocolError, TcpFrameReader } from '@imcore/protocol';
import type {
  Connection,
  ConnectionHandler,
  ServerTransport,
  SocketAdmission,
  TransportHost,
} from '../ports/transport.js';
import { admitSocket } from './admit-socket.js';
import { Flusher } from './flusher.js';
import { stop } from './listening.js';
import { SocketOutput } from './socket-output.js';

/** How long to wait for the peer to close its side, in milliseconds. */
const LINGER_MS = 1000;
/** Additional wait before `close` destroys the remaining sockets, in milliseconds. */
const CUT_AFTER_MS = 200;

/**
 * The connections of one transport whose sockets are streams, such as TCP, TLS or a Unix socket. Each frame has a 4-byte length
 * header, in both directions.
 *
 * The transport listens and passes each socket to {@link accept}; everything else is done here.
 *
 * @see docs/protocol/SPEC.md#1-frames
 */
export class StreamConnections {
  readonly #maxBodyBytes: number;
  readonly #flusher = new Flusher();
  readonly #sockets = new Set<net.Socket>();

  /** `maxBodyBytes`: maximum size of a frame body in either direction. */
  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /**
   * Offers a socket to the server as a new connection of `transport`. Destroys it if the server rejects it. `admission`: the
   * place of the socket, if it was admitted before.
   */
  accept(
    socket: net.Socket,
    host: TransportHost,
    transport: ServerTransport,
    admission = admitSocket(socket, host),
  ): void {
    if (admission === undefined) return;
    const connection = new StreamConnection(
      socket,
      admission,
      transport.transport,
      this.#flusher,
      this.#sockets,
      this.#maxBodyBytes,
    );
    const handler = host.accept(connection, transport, admission);
    if (typeof handler === 'string') {
      socket.destroy();
      admission.release();
    } else connection.start(handler);
  }

  /**
   * Stops `server` and destroys the open connections. Connections that were ended before are destroyed after a second, so that
   * their peers can close normally. Then `destroyOthers` is called for sockets that are no connections.
   */
  async close(server: net.Server, destroyOthers?: () => void): Promise<void> {
    const stopped = stop(server);
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
      destroyOthers?.();
    }, LINGER_MS + CUT_AFTER_MS);
    for (const socket of this.#sockets) if (socket.writable) socket.destroy();
    await stopped;
    clearTimeout(cut);
  }
}

/** The property of a socket that holds its connection, so that all sockets share their listeners. */
const CONNECTION = Symbol('connection');

type ConnectedSocket = net.Socket & { [CONNECTION]?: StreamConnection };

class StreamConnection implements Connection {
  readonly transport: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly #socket: ConnectedSocket;
  readonly #flusher: Flusher;
  /** The open sockets of the transport. */
  readonly #sockets: Set<net.Socket>;
  readonly #output: SocketOutput;
  readonly #frames: TcpFrameReader<Buffer>;

  #handler: ConnectionHandler | undefined = undefined;
  #isBroken = false;

  constructor(
    socket: net.Socket,
    { remoteAddress, remotePort }: SocketAdmission,
    transport: string,
    flusher: Flusher,
    sockets: Set<net.Socket>,
    maxBodyBytes: number,
  ) {
    this.transport = transport;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.maxSendBytes = maxBodyBytes;
    this.#socket = socket;
    this.#flusher = flusher;
    this.#sockets = sockets;
    this.#output = new SocketOutput(socket, flusher);
    this.#frames = new TcpFrameReader<Buffer>(maxBodyBytes, Buffer.allocUnsafeSlow);
  }

  get isReliable(): boolean {
    return true;
  }

  get canPause(): boolean {
    return true;
  }

  get addressProof(): undefined {
    return undefined;
  }

  get bufferedBytes(): number {
    return this.#output.bufferedBytes;
  }

  start(handler: ConnectionHandler): void {
    const socket = this.#socket;
    this.#handler = handler;
    this.#output.onDrained(handler);
    this.#sockets.add(socket);
    socket[CONNECTION] = this;
    socket.on('data', readThis);
    socket.on('error', destroyThis);
    socket.on('close', closeThis);
  }

  read(chunk: Buffer): void {
    if (this.#isBroken || !this.#socket.writable) return;
    this.#flusher.handling();
    try {
      this.#frames.push(chunk, this.#onBody);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#isBroken = true;
      this.#handler?.violated(error);
    } finally {
      this.#flusher.handled();
    }
  }

  readonly #onBody = (bytes: Buffer, start: number, end: number): boolean => {
    this.#handler?.receive(bytes.toString('latin1', start, end));
    return this.#socket.writable;
  };

  closed(): void {
    this.#handler?.closed();
    this.#sockets.delete(this.#socket);
  }

  send(body: BinaryString): boolean {
    return this.#output.add(lengthHeader(body.length) + body);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    this.#output.flush();
    socket.end();
    // What the peer still sends is read and dropped: closing with unread input would reset the connection, and the
    // peer would lose what was just written to it.
    socket.resume();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function readThis(this: ConnectedSocket, chunk: Buffer): void {
  this[CONNECTION]?.read(chunk);
}

function closeThis(this: ConnectedSocket): void {
  this[CONNECTION]?.closed();
}

function destroyThis(this: net.Socket): void {
  this.destroy();
}

function lengthHeader(bodyBytes: number): BinaryString {
  return String.fromCharCode(
    bodyBytes >>> 24,
    (bodyBytes >>> 16) & 0xff,
    (bodyBytes >>> 8) & 0xff,
    bodyBytes & 0xff,
  );
}
