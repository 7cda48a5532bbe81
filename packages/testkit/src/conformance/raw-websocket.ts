import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';

/** Opcodes of RFC 6455, section 5.2. */
export const WebSocketOpcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** A frame to write. Nothing is checked, so that a test can break every rule. */
interface OutgoingFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Whether it is the last of its message. Default true. */
  readonly isFinal?: boolean;
  /** Whether it is masked, as a client's must be. Default true. */
  readonly isMasked?: boolean;
}

/** The events of a {@link RawWebSocket}. */
interface RawWebSocketEvents {
  /** The server has sent a frame. */
  frame(opcode: number, payload: Buffer): void;
  /** The connection has ended. */
  closed(): void;
}

/** The server's answer to a handshake. */
interface HandshakeAnswer {
  /** Status line and headers, one a line. */
  readonly head: string;
  readonly isAccepted: boolean;
}

/**
 * A WebSocket client without any logic of RFC 6455: it does not answer pings and close frames, and writes any frame that
 * it is given.
 */
export class RawWebSocket {
  readonly #socket: net.Socket;
  readonly #events: RawWebSocketEvents;
  #input: Buffer = Buffer.alloc(0);
  #onHead: ((answer: HandshakeAnswer) => void) | undefined;

  constructor(host: string, port: number, events: RawWebSocketEvents) {
    this.#events = events;
    this.#socket = net.connect({ host, port, noDelay: true });
    this.#socket.on('data', (chunk) => {
      this.#input = Buffer.concat([this.#input, chunk]);
      this.#read();
    });
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.once('close', () => {
      this.#answer('');
      events.closed();
    });
  }

  /** Requests the upgrade. Resolves with the answer; it is empty when the server closes the connection instead. */
  async handshake(path: string, headers: readonly string[] = []): Promise<HandshakeAnswer> {
    const key = randomBytes(16).toString('base64');
    const answer = new Promise<HandshakeAnswer>((resolve) => {
      this.#onHead = resolve;
    });
    this.writeRaw(
      [
        `GET ${path} HTTP/1.1`,
        'Host: server',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Key: ${key}`,
        'Sec-WebSocket-Version: 13',
        ...headers,
        '\r\n',
      ].join('\r\n'),
    );
    const { head } = await answer;
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    return { head, isAccepted: head.startsWith('HTTP/1.1 101 ') && head.includes(accept) };
  }

  send(frame: OutgoingFrame): void {
    this.writeRaw(webSocketFrame(frame));
  }

  /** Writes bytes as they are. */
  writeRaw(bytes: Uint8Array | string): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Stops reading from the server. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #answer(head: string): void {
    this.#onHead?.({ head, isAccepted: false });
    this.#onHead = undefined;
  }

  #read(): void {
    if (this.#onHead !== undefined) {
      const end = this.#input.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#input.toString('latin1', 0, end);
      this.#input = this.#input.subarray(end + 4);
      this.#answer(head);
    }
    for (let frame = readFrame(this.#input); frame !== undefined; frame = readFrame(this.#input)) {
      this.#input = this.#input.subarray(frame.size);
      this.#events.frame(frame.opcode, frame.payload);
    }
  }
}

/** The bytes of a frame. */
export function webSocketFrame({ opcode, payload, isFinal = true, isMasked = true }: OutgoingFrame): Buffer {
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0);
  const body = Buffer.from(payload);
  if (isMasked) for (const [at, byte] of body.entries()) body[at] = byte ^ (mask[at % 4] ?? 0);
  const first = (isFinal ? 0x80 : 0) | opcode;
  return Buffer.concat([Buffer.from([first]), lengthOf(body.length, isMasked), mask, body]);
}

function lengthOf(length: number, isMasked: boolean): Buffer {
  const flag = isMasked ? 0x80 : 0;
  if (length < 126) return Buffer.from([flag | length]);
  if (length < 0x10000) return Buffer.from([flag | 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes[0] = flag | 127;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/** The first complete frame of the input. Frames of a server are not masked. */
function readFrame(input: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (input.length < 2) return undefined;
  const short = input.readUInt8(1) & 0x7f;
  const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (input.length < headBytes) return undefined;
  const length =
    short === 126 ? input.readUInt16BE(2) : short === 127 ? Number(input.readBigUInt64BE(2)) : short;
  const size = headBytes + length;
  if (input.length < size) return undefined;
  return { opcode: input.readUInt8(0) & 0x0f, payload: input.subarray(headBytes, size), size };
}
