import { isUtf8 } from 'node:buffer';
import type net from 'node:net';
import { type BinaryString, decodeUtf8, encodeUtf8, isAscii, ProtocolError } from '@imcore/protocol';
import type { Connection, ConnectionHandler, SocketAdmission } from '../ports/transport.js';
import type { Flusher } from './flusher.js';
import { SocketOutput } from './socket-output.js';
import {
  closeFrame,
  closePayload,
  NORMAL_CLOSURE,
  pongFrame,
  textFrameHeader,
  type WebSocketFrameHandler,
  WebSocketFrameReader,
} from './websocket-frames.js';

/** How long to wait for the peer's close frame, and for its end of the socket, in milliseconds. */
const LINGER_MS = 1000;
/** The reason in the close frame of the original server. */
const CLOSE_REASON = 'Bye';
/** Close code "Try Again Later" of the IANA registry, for a server that is overloaded. */
const TRY_AGAIN_LATER = 1013;

/** The property of a socket that holds its connection, so that all sockets share their listeners. */
const CONNECTION = Symbol('connection');

type ConnectedSocket = net.Socket & { [CONNECTION]?: WebSocketConnection };

/** One WebSocket connection, after the handshake. The frames of one turn of the event loop leave together. */
export class WebSocketConnection implements Connection, WebSocketFrameHandler {
  readonly transport = 'websocket';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly #socket: ConnectedSocket;
  readonly #flusher: Flusher;
  /** The connections of the transport whose sockets are open. */
  readonly #connections: Set<WebSocketConnection>;
  readonly #output: SocketOutput;
  readonly #frames: WebSocketFrameReader;
  #handler: ConnectionHandler | undefined = undefined;
  #closeCode = NORMAL_CLOSURE;
  /** `closing`: a close frame was sent. `ended`: nothing is read any more. */
  #state: 'open' | 'closing' | 'ended' = 'open';

  constructor(
    socket: net.Socket,
    { remoteAddress, remotePort }: SocketAdmission,
    flusher: Flusher,
    maxBodyBytes: number,
    connections: Set<WebSocketConnection>,
  ) {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.maxSendBytes = maxBodyBytes;
    this.#socket = socket;
    this.#flusher = flusher;
    this.#connections = connections;
    this.#output = new SocketOutput(socket, flusher);
    this.#frames = new WebSocketFrameReader(maxBodyBytes);
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

  /** Whether this side or the peer has begun to close the connection. */
  get isClosing(): boolean {
    return this.#state !== 'open';
  }

  /** Accepts the handshake. `head`: what has arrived after it. Then call {@link start} or {@link reject}. */
  acceptHandshake(response: string, head: Buffer): void {
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.write(response, 'latin1');
    if (head.length > 0) socket.unshift(head);
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#output.onDrained(handler);
    this.#listen();
  }

  /** Closes a connection that the server has not accepted. */
  reject(reason: string): void {
    this.#listen();
    this.#close(closePayload(TRY_AGAIN_LATER, reason));
  }

  read(chunk: Buffer): void {
    if (this.#state === 'ended') return;
    this.#flusher.handling();
    try {
      this.#frames.push(chunk, this);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#violated(error);
    } finally {
      this.#flusher.handled();
    }
  }

  onText(body: BinaryString): boolean {
    if (this.#isOpen) this.#handler?.receive(body);
    return this.#state !== 'ended';
  }

  onPing(data: BinaryString): boolean {
    if (this.#isOpen) this.#handler?.answeredPing(this.#output.add(pongFrame(data)));
    return this.#state !== 'ended';
  }

  /** The peer closes the connection, or has answered the close frame of this side. */
  onClose(payload: BinaryString): boolean {
    this.#close(payload);
    this.#end();
    return false;
  }

  ended(): void {
    this.#end();
  }

  closed(): void {
    this.#state = 'ended';
    this.#connections.delete(this);
    this.#handler?.closed();
  }

  send(body: BinaryString): boolean {
    if (!this.#isOpen) return true;
    const text = isValidText(body) ? body : encodeUtf8(decodeUtf8(body));
    return this.#output.add(textFrameHeader(text.length) + text);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#close(closePayload(this.#closeCode, this.#closeCode === NORMAL_CLOSURE ? CLOSE_REASON : ''));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get #isOpen(): boolean {
    return this.#state === 'open' && this.#socket.writable;
  }

  #listen(): void {
    const socket = this.#socket;
    socket[CONNECTION] = this;
    this.#connections.add(this);
    socket.on('data', readThis);
    socket.on('end', endThis);
    socket.on('error', destroyThis);
    socket.on('close', closeThis);
  }

  /** Reports what cannot be read. Nothing can be read after it, so the peer's close frame is not awaited. */
  #violated(error: ProtocolError): void {
    this.#closeCode = this.#frames.closeCode;
    if (this.#isOpen) this.#handler?.violated(error);
    this.#end();
  }

  /** Sends a close frame, and awaits the peer's while it lingers. */
  #close(payload: BinaryString): void {
    const socket = this.#socket;
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#output.flush();
    if (socket.writable) socket.write(closeFrame(payload), 'latin1');
    // What the peer still sends is read: closing with unread input would reset the connection, and the peer would lose
    // what was just written to it.
    socket.resume();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
  }

  /** Closes this side of the socket, and reads nothing any more. */
  #end(): void {
    if (this.#state === 'open') this.close();
    this.#state = 'ended';
    this.#socket.end();
  }
}

function readThis(this: ConnectedSocket, chunk: Buffer): void {
  this[CONNECTION]?.read(chunk);
}

function endThis(this: ConnectedSocket): void {
  this[CONNECTION]?.ended();
}

function closeThis(this: ConnectedSocket): void {
  this[CONNECTION]?.closed();
}

function destroyThis(this: net.Socket): void {
  this.destroy();
}

/** Whether a body is valid UTF-8. TCP and UDP peers may send invalid text, for which browsers close the connection. */
function isValidText(body: BinaryString): boolean {
  return isAscii(body) || isUtf8(Buffer.from(body, 'latin1'));
}
