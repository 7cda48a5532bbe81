import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type BinaryString, decodeUtf8, encodeUtf8, isAscii, ProtocolError } from '@imcore/protocol';
import type { WebSocket } from 'ws';
import type { Connection, ConnectionHandler, SocketAdmission } from '../ports/transport.js';
import type { Flusher } from './flusher.js';
import { SocketOutput } from './socket-output.js';

/** How long to wait for the peer's close frame, in milliseconds. */
const LINGER_MS = 1000;
/** The close frame of the original server. */
const NORMAL_CLOSURE = 1000;
const CLOSE_REASON = 'Bye';
/** Close code "Try Again Later" of the IANA registry, for a server that is overloaded. */
const TRY_AGAIN_LATER = 1013;

/**
 * One WebSocket connection. `ws` does the handshake, reading and control frames; text frames are written to the socket
 * directly, so that those of one turn of the event loop leave together.
 */
export class WebSocketConnection implements Connection {
  readonly transport = 'websocket';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly #peer: WebSocket;
  readonly #flusher: Flusher;
  readonly #output: SocketOutput;

  constructor(
    peer: WebSocket,
    socket: IncomingMessage['socket'],
    { remoteAddress, remotePort }: SocketAdmission,
    flusher: Flusher,
    maxBodyBytes: number,
  ) {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.maxSendBytes = maxBodyBytes;
    this.#peer = peer;
    this.#flusher = flusher;
    this.#output = new SocketOutput(socket, flusher);
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
    const peer = this.#peer;
    peer.on('message', (data: Buffer, isBinary: boolean) => {
      if (peer.readyState !== peer.OPEN) return;
      if (isBinary)
        handler.violated(new ProtocolError('ERR_MALFORMED_PACKET', 'a message is binary, allowed is text'));
      else this.#receive(data, handler);
    });
    peer.on('error', (error: Error & { code?: string }) => handler.violated(toProtocolError(error)));
    this.#output.onDrained(handler);
    peer.once('close', () => handler.closed());
  }

  #receive(data: Buffer, handler: ConnectionHandler): void {
    this.#flusher.handling();
    try {
      handler.receive(data.toString('latin1'));
    } finally {
      this.#flusher.handled();
    }
  }

  send(body: BinaryString): boolean {
    if (this.#peer.readyState !== this.#peer.OPEN) return true;
    const text = isValidText(body) ? body : encodeUtf8(decodeUtf8(body));
    return this.#output.add(textFrameHeader(text.length) + text);
  }

  pause(): void {
    this.#peer.pause();
  }

  resume(): void {
    this.#peer.resume();
  }

  /** Closes a connection that the server has not accepted. */
  reject(reason: string): void {
    this.#peer.on('error', () => this.destroy());
    this.#close(TRY_AGAIN_LATER, reason);
  }

  close(): void {
    this.#output.flush();
    this.#close(NORMAL_CLOSURE, CLOSE_REASON);
  }

  #close(code: number, reason: string): void {
    const peer = this.#peer;
    peer.resume();
    peer.close(code, reason);
    const linger = setTimeout(() => peer.terminate(), LINGER_MS);
    peer.once('close', () => clearTimeout(linger));
  }

  destroy(): void {
    this.#peer.terminate();
  }
}

/** Whether a body is valid UTF-8. TCP and UDP peers may send invalid text, for which browsers close the connection. */
function isValidText(body: BinaryString): boolean {
  return isAscii(body) || isUtf8(Buffer.from(body, 'latin1'));
}

/**
 * The header of a final, unmasked text frame.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */
function textFrameHeader(length: number): BinaryString {
  if (length < 126) return String.fromCharCode(0x81, length);
  if (length < 0x10000) return String.fromCharCode(0x81, 126, length >> 8, length & 0xff);
  const [a, b, c, d] = [length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff];
  return String.fromCharCode(0x81, 127, 0, 0, 0, 0, a, b, c, d);
}

function toProtocolError(error: Error & { code?: string }): ProtocolError {
  const code =
    error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'ERR_FRAME_TOO_LARGE' : 'ERR_MALFORMED_PACKET';
  return new ProtocolError(code, error.message);
}
