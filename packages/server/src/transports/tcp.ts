import net from 'node:net';
import tls from 'node:tls';
import {
  type BinaryString,
  DEFAULT_MAX_TCP_BODY_BYTES,
  ProtocolError,
  TcpFrameReader,
} from '@imcore/protocol';
import { checkInteger, checkNames, type OptionNames } from '../check-options.js';
import type {
  Connection,
  ConnectionHandler,
  ServerTransport,
  TransportAddress,
  TransportHost,
} from '../ports/transport.js';
import { makeSocketsAlike } from './alike-sockets.js';
import { Flusher } from './flusher.js';
import { listen, stop } from './listening.js';
import { SocketOutput } from './socket-output.js';
import { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.js';

/** Where TCP peers are taken, and what they may send. */
export interface TcpOptions extends TransportOptions {
  /** Default 8901. */
  readonly port?: number | undefined;
  /** Longest frame body in either direction, in bytes. Default 6144, as every original client has it. */
  readonly maxBodyBytes?: number | undefined;
  /** Makes it TLS. `key` and `cert` at least; see `tls.createServer`. */
  readonly tls?: tls.TlsOptions | undefined;
}

const OPTIONS: OptionNames<TcpOptions> = { ...TRANSPORT_OPTIONS, maxBodyBytes: true, tls: true };

/** A TCP transport, whose certificate can be changed while it runs. */
export interface TcpTransport extends ServerTransport {
  /** New handshakes use this key and certificate; connections stay. */
  reloadTls(options: tls.SecureContextOptions): void;
}

/** How long an ended connection may take to be closed by its peer, in milliseconds. */
const LINGER_MS = 1000;
/** How long after that the transport cuts whatever is left when it closes. */
const CUT_AFTER_MS = 200;
const BACKLOG = 4096;

/**
 * Listens for TCP peers: frames with a 4-byte length before each.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/protocol/SPEC.md#1-frames
 */
export function tcp(options: TcpOptions = {}): TcpTransport {
  checkNames(options, OPTIONS);
  checkInteger('maxBodyBytes', options.maxBodyBytes, 1, 0x7fffffff);
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_TCP_BODY_BYTES;
  const readTimeoutMs = readTimeoutOf(options, 'tcp');
  const flusher = new Flusher();
  const sockets = new Set<net.Socket>();
  let host: TransportHost | undefined;

  const attach = (socket: net.Socket): void => {
    if (host === undefined) return;
    const connection = new TcpConnection(socket, flusher, sockets, maxBodyBytes);
    const handler = host.accept(connection, transport);
    if (typeof handler === 'string') {
      socket.destroy();
      return;
    }
    connection.start(handler);
  };
  const server =
    options.tls === undefined
      ? net.createServer({ noDelay: true }, attach)
      : tls.createServer({ handshakeTimeout: readTimeoutMs, noDelay: true, ...options.tls }, attach);
  // Those that are still in the handshake of TLS are known here alone.
  const raw = new Set<net.Socket>();
  if (options.tls !== undefined) {
    server.on('connection', (socket: net.Socket) => {
      raw.add(socket);
      socket.once('close', () => raw.delete(socket));
    });
  }
  server.on('tlsClientError', () => host?.count('handshakesRejected'));

  const transport: TcpTransport = {
    transport: 'tcp',
    readTimeoutMs,
    maxSendBytes: maxBodyBytes,
    async listen(transportHost): Promise<TransportAddress> {
      host = transportHost;
      makeSocketsAlike();
      const address = { host: options.host ?? '0.0.0.0', port: options.port ?? 8901 };
      const port = await listen(server, { ...address, backlog: BACKLOG });
      server.on('error', (error) => transportHost.failed(error));
      return { transport: 'tcp', host: address.host, port };
    },
    stopAccepting: () => void server.close(),
    async close() {
      const stopped = stop(server);
      const cut = setTimeout(() => {
        for (const socket of [...raw, ...sockets]) socket.destroy();
      }, LINGER_MS + CUT_AFTER_MS);
      // A connection that was ended is given its linger time, so that its peer sees an orderly end.
      for (const socket of sockets) if (socket.writable) socket.destroy();
      await stopped;
      clearTimeout(cut);
    },
    reloadTls(context) {
      if (server instanceof tls.Server) server.setSecureContext(context);
    },
  };
  return transport;
}

/** Where a socket keeps its connection, so that all sockets share their listeners. */
const CONNECTION = Symbol('connection');

type ConnectedSocket = net.Socket & { [CONNECTION]?: TcpConnection };

class TcpConnection implements Connection {
  readonly transport = 'tcp';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly #socket: ConnectedSocket;
  readonly #flusher: Flusher;
  /** Those of the transport, this one among them while it is open. */
  readonly #sockets: Set<net.Socket>;
  readonly #output: SocketOutput;
  readonly #frames: TcpFrameReader<Buffer>;

  #handler: ConnectionHandler | undefined = undefined;
  #isBroken = false;

  constructor(socket: net.Socket, flusher: Flusher, sockets: Set<net.Socket>, maxBodyBytes: number) {
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
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
