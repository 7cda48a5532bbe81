import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  DEFAULT_MAX_TCP_BODY_BYTES,
  TCP_HEADER_BYTES,
  TcpFrameReader,
  writeTcpHeader,
} from '@imcore/protocol';
import { LinkError } from '../errors.js';
import { type OptionNames, rejectUnknown, requireInteger, requireText } from '../options-check.js';
import type { Link, LinkHandler, Transport } from '../transport.js';
import { cutAfterGrace } from './grace.js';

/** Default port of the original server. */
const DEFAULT_TCP_PORT = 8901;

/** Options of the TCP transport. */
export interface TcpOptions {
  readonly host: string;
  /** Default 8901. */
  readonly port?: number | undefined;
  /** TLS: `true` for the default certificate authorities, or options of `tls.connect`. Default: no TLS. */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** Maximum size of a sent or received packet, in bytes. Must equal the server's limit. Default 6144. */
  readonly maxBodyBytes?: number | undefined;
}

const OPTIONS: OptionNames<TcpOptions> = { host: true, port: true, tls: true, maxBodyBytes: true };

/**
 * Creates a TCP or TLS transport: each packet is preceded by its length.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/protocol/SPEC.md#1-frames
 */
export function tcp(options: TcpOptions): Transport {
  rejectUnknown(options, OPTIONS);
  const host = requireText('host', options.host);
  const port = requireInteger('port', options.port, DEFAULT_TCP_PORT, 1, 65_535);
  const maxBodyBytes = requireInteger(
    'maxBodyBytes',
    options.maxBodyBytes,
    DEFAULT_MAX_TCP_BODY_BYTES,
    1,
    0x7fffffff,
  );
  const { tls = false } = options;
  const open = (): Socket =>
    tls === false ? connectTcp({ host, port }) : connectTls({ host, port, ...(tls === true ? {} : tls) });
  return {
    kind: 'tcp',
    maxSendBytes: maxBodyBytes,
    maxReceiveBytes: maxBodyBytes,
    connect: (handler) =>
      new TcpLink(open(), tls === false ? 'connect' : 'secureConnect', maxBodyBytes, handler),
  };
}

/** One TCP socket. Frames sent in the same turn of the event loop are written together. */
class TcpLink implements Link {
  readonly #socket: Socket;
  readonly #handler: LinkHandler;
  readonly #reader: TcpFrameReader<Buffer>;
  #frames: string[] = [];
  #isOpen = false;
  #isClosed = false;
  #error: Error | undefined;

  constructor(socket: Socket, openEvent: string, maxBodyBytes: number, handler: LinkHandler) {
    this.#socket = socket;
    this.#handler = handler;
    this.#reader = new TcpFrameReader(maxBodyBytes, Buffer.allocUnsafe);
    socket.setNoDelay(true);
    socket.once(openEvent, () => {
      this.#isOpen = true;
      handler.opened();
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (cause) => {
      this.#error ??= this.#isOpen
        ? new LinkError('ERR_LINK_CLOSED', `the link failed: ${cause.message}`, { cause })
        : new LinkError('ERR_LINK_FAILED', `the link could not be opened: ${cause.message}`, { cause });
    });
    socket.once('close', () => {
      this.#isClosed = true;
      handler.closed(this.#error);
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  send(frame: string): void {
    this.#frames.push(frame);
    if (this.#frames.length === 1) queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.#flush();
    this.#isClosed = true;
    if (!this.#isOpen) {
      this.#socket.destroy();
      return;
    }
    // Input is read and discarded until the peer closes too: closing with unread input would reset the connection, and
    // the peer would lose what was just written.
    this.#socket.end();
    cutAfterGrace(() => this.#socket.destroy());
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#reader.push(chunk, (bytes, start, end) => {
        this.#handler.received(bytes.toString('utf8', start, end));
        return !this.#isClosed;
      });
    } catch (error) {
      this.#error ??= error instanceof Error ? error : new Error(String(error));
      this.#socket.destroy();
    }
  }

  #flush(): void {
    const frames = this.#frames;
    this.#frames = [];
    if (frames.length > 0 && this.#socket.writable) this.#socket.write(joinFrames(frames));
  }
}

/** Joins frames, each of them preceded by its length. */
function joinFrames(frames: readonly string[]): Buffer {
  let size = 0;
  for (const frame of frames) size += TCP_HEADER_BYTES + Buffer.byteLength(frame);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const frame of frames) {
    const length = bytes.write(frame, at + TCP_HEADER_BYTES);
    writeTcpHeader(bytes, at, length);
    at += TCP_HEADER_BYTES + length;
  }
  return bytes;
}
