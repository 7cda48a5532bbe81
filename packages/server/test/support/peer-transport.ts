import type { BinaryString, TransportKind } from '@imcore/protocol';
import type {
  AddressProof,
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  TransportAddress,
  TransportHost,
} from '../../src/ports/index.js';
import { fromBody, toBody, type WirePacket } from './wire.js';

/** Bytes that may wait for a peer before it counts as slow. */
export const SLOW_BYTES = 1000;

const MAX_SEND_BYTES: Readonly<Record<TransportKind, number>> = { tcp: 6144, udp: 1024, websocket: 65_536 };

/** The read time-outs of the original for its default sense modes, in milliseconds. */
export const READ_TIMEOUT_MS: Readonly<Record<TransportKind, number>> = {
  tcp: 20_000,
  udp: 10_000,
  websocket: 20_000,
};

/** A transport without sockets, whose peers are controlled by the test. Everything is synchronous. */
export class PeerTransport implements ServerTransport {
  readonly transport: TransportKind;
  readonly readTimeoutMs: number;
  readonly maxSendBytes: number;
  readonly peers: Peer[] = [];
  /** The calls of its methods, oldest first. */
  readonly calls: string[] = [];
  /** Set it to let `listen` fail. */
  failure: Error | undefined = undefined;
  #host: TransportHost | undefined = undefined;

  constructor(transport: TransportKind) {
    this.transport = transport;
    this.readTimeoutMs = READ_TIMEOUT_MS[transport];
    this.maxSendBytes = MAX_SEND_BYTES[transport];
  }

  /** The server, once it listens. */
  get host(): TransportHost {
    if (this.#host === undefined) throw new Error('this transport does not listen');
    return this.#host;
  }

  listen(host: TransportHost): Promise<TransportAddress> {
    this.calls.push('listen');
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.#host = host;
    return Promise.resolve({ transport: this.transport, host: 'nowhere', port: 1 });
  }

  stopAccepting(): void {
    this.calls.push('stopAccepting');
  }

  stopListening(): void {
    this.calls.push('stopListening');
  }

  close(): Promise<void> {
    this.calls.push('close');
    for (const peer of this.peers) peer.destroy();
    return Promise.resolve();
  }

  connect(remoteAddress: string): Peer {
    const accept = (peer: Peer): void => peer.attach(this.host.accept(peer, this));
    const peer = new Peer(this.transport, remoteAddress, this.peers.length + 1, accept);
    this.peers.push(peer);
    accept(peer);
    return peer;
  }
}

/**
 * Both ends of one connection: what the server sees of it, and what the peer behind it does.
 *
 * As with a socket, what the peer sends while the server has paused waits until it resumes, and what the server sends
 * while the peer does not read waits in `bufferedBytes`.
 */
export class Peer implements Connection, AddressProof {
  readonly transport: TransportKind;
  readonly remoteAddress: string;
  readonly remotePort: number;
  maxSendBytes: number;
  bufferedBytes = 0;
  /** Frame bodies that the peer has read, oldest first. */
  readonly frames: BinaryString[] = [];
  /** Why the server did not take the connection. */
  rejection: RejectionReason | undefined = undefined;
  end: 'open' | 'closed' | 'destroyed' | 'left' = 'open';
  isPaused = false;
  /** Set it to have the server ask for a proof of the address. */
  isAwaited = false;
  readonly allowedBytes = Number.POSITIVE_INFINITY;
  isTrusted = false;
  #handler: ConnectionHandler | undefined = undefined;
  readonly #accept: (peer: Peer) => void;
  #isReading = true;
  #isSlow = false;
  #unread: BinaryString[] = [];
  #unsent: BinaryString[][] = [];

  constructor(
    transport: TransportKind,
    remoteAddress: string,
    remotePort: number,
    accept: (peer: Peer) => void = () => {},
  ) {
    this.#accept = accept;
    this.transport = transport;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.maxSendBytes = MAX_SEND_BYTES[transport];
  }

  get isReliable(): boolean {
    return this.transport !== 'udp';
  }

  get canPause(): boolean {
    return this.transport !== 'udp';
  }

  get addressProof(): AddressProof | undefined {
    return this.transport === 'udp' ? this : undefined;
  }

  attach(handler: ConnectionHandler | RejectionReason): void {
    if (typeof handler === 'string') this.rejection = handler;
    else this.#handler = handler;
  }

  /** The server's side of the connection, for what only a transport can say. */
  get handler(): ConnectionHandler {
    if (this.#handler === undefined) throw new Error('the server has no such connection');
    return this.#handler;
  }

  /** What the peer has read, oldest first. */
  get received(): WirePacket[] {
    return this.frames.map(fromBody);
  }

  /** What the peer has read since the last call. */
  takeReceived(): WirePacket[] {
    return this.frames.splice(0).map(fromBody);
  }

  get isClosed(): boolean {
    return this.end !== 'open';
  }

  /** Writes packets, given as texts. The packets of one call arrive as one chunk. */
  write(...texts: readonly string[]): void {
    const bodies = texts.map(toBody);
    if (this.isPaused && this.transport !== 'udp') this.#unsent.push(bodies);
    else this.#arrive(bodies);
  }

  /** Ends the connection from the side of the peer. */
  leave(): void {
    this.#end('left');
  }

  /** From now on what the server sends is buffered. */
  stopReading(): void {
    this.#isReading = false;
  }

  /** Removes `bytes` from the buffer, without the peer having read a whole packet. */
  takeBytes(bytes: number): void {
    this.bufferedBytes -= bytes;
  }

  /** Reads everything that is buffered, and continues to read. */
  catchUp(): void {
    this.#isReading = true;
    this.bufferedBytes = 0;
    this.frames.push(...this.#unread.splice(0));
    if (!this.#isSlow) return;
    this.#isSlow = false;
    this.#handler?.drained();
  }

  send(body: BinaryString): boolean {
    if (this.isClosed) return true;
    if (this.#isReading) this.frames.push(body);
    else {
      this.#unread.push(body);
      this.bufferedBytes += body.length;
      if (this.bufferedBytes > SLOW_BYTES) this.#isSlow = true;
    }
    return !this.#isSlow;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    while (!this.isPaused) {
      const chunk = this.#unsent.shift();
      if (chunk === undefined) return;
      this.#arrive(chunk);
    }
  }

  trust(): void {
    this.isTrusted = true;
  }

  close(): void {
    this.#end('closed');
  }

  destroy(): void {
    this.#end('destroyed');
  }

  /** A UDP peer whose connection the server has ended is a new one when it writes again. */
  #arrive(bodies: readonly BinaryString[]): void {
    if (this.transport === 'udp' && this.isClosed && this.end !== 'left') {
      this.end = 'open';
      this.#accept(this);
    }
    for (const body of bodies) if (!this.isClosed) this.#handler?.receive(body);
  }

  /** Sockets emit their end asynchronously; a UDP connection is only an entry in a table. */
  #end(how: 'closed' | 'destroyed' | 'left'): void {
    if (this.isClosed) return;
    this.end = how;
    const handler = this.#handler;
    if (this.transport === 'udp') handler?.closed();
    else queueMicrotask(() => handler?.closed());
  }
}
