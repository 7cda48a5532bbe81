import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { LinkError } from '../errors.js';
import { type OptionNames, rejectUnknown, requireInteger, requireText } from '../options-check.js';
import type { Link, LinkHandler, Transport } from '../transport.js';
import { EarlyCopies } from './early-copies.js';
import { SendTurns } from './send-turns.js';

/** Default port of the original server. */
const DEFAULT_UDP_PORT = 7901;

/** Maximum datagram that an original client reads, in bytes; a longer message would not reach it. */
const DEFAULT_MAX_UDP_BYTES = 1024;

/** What a server with the extension may send, in bytes: a datagram that is not fragmented on its way. */
const MAX_RECEIVE_BYTES = 1200;

/** Maximum payload of a UDP datagram, in bytes. */
const MAX_DATAGRAM_BYTES = 65_507;

/** Requested receive buffer, for datagrams that arrive while the process is busy. The system may grant less. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/** Options of the UDP transport. */
export interface UdpOptions {
  readonly host: string;
  /** Default 7901. */
  readonly port?: number | undefined;
  /**
   * Maximum size of a sent packet, in UTF-8 bytes. Default 1024, the maximum of an original client; an original server
   * reads up to 2048.
   */
  readonly maxSendBytes?: number | undefined;
}

const OPTIONS: OptionNames<UdpOptions> = { host: true, port: true, maxSendBytes: true };

/**
 * Creates a UDP transport: one packet per datagram. Datagrams from other addresses than the server's are ignored.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/protocol/SPEC.md#1-frames
 */
export function udp(options: UdpOptions): Transport {
  rejectUnknown(options, OPTIONS);
  const host = requireText('host', options.host);
  const port = requireInteger('port', options.port, DEFAULT_UDP_PORT, 1, 65_535);
  const maxSendBytes = requireInteger(
    'maxSendBytes',
    options.maxSendBytes,
    DEFAULT_MAX_UDP_BYTES,
    1,
    MAX_DATAGRAM_BYTES,
  );
  return {
    kind: 'udp',
    maxSendBytes,
    maxReceiveBytes: MAX_RECEIVE_BYTES,
    earlyRetransmission: () => new EarlyCopies(),
    turns: () => new SendTurns(),
    connect: (handler) => new UdpLink(host, port, handler),
  };
}

/** One UDP socket connected to the server. It is open as soon as the server's address is resolved. */
class UdpLink implements Link {
  readonly #handler: LinkHandler;
  #socket: Socket | undefined;
  #sending = 0;
  #isClosed = false;

  constructor(host: string, port: number, handler: LinkHandler) {
    this.#handler = handler;
    lookup(host, (error, address, family) => {
      if (this.#isClosed) return;
      if (error !== null) this.#fail('ERR_LINK_FAILED', error);
      else this.#open(address, port, family === 6 ? 'udp6' : 'udp4');
    });
  }

  get bufferedBytes(): number {
    return this.#socket === undefined || this.#isClosed ? 0 : this.#socket.getSendQueueSize();
  }

  send(frame: string): void {
    if (this.#isClosed || this.#socket === undefined) return;
    this.#sending += 1;
    this.#socket.send(frame, (error) => {
      this.#sending -= 1;
      if (this.#isClosed) this.#release();
      else if (error !== null) this.#fail('ERR_LINK_CLOSED', error);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #open(address: string, port: number, type: 'udp4' | 'udp6'): void {
    const socket = createSocket(type);
    this.#socket = socket;
    let isOpen = false;
    socket.on('message', (bytes) => {
      if (!this.#isClosed) this.#handler.received(bytes.toString('utf8'));
    });
    // For example an ICMP "port unreachable", which the system reports as an error.
    socket.on('error', (error) => this.#fail(isOpen ? 'ERR_LINK_CLOSED' : 'ERR_LINK_FAILED', error));
    socket.once('connect', () => {
      if (this.#isClosed) return;
      isOpen = true;
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      this.#handler.opened();
    });
    socket.connect(port, address);
  }

  #fail(code: 'ERR_LINK_FAILED' | 'ERR_LINK_CLOSED', cause: Error): void {
    if (this.#isClosed) return;
    this.close();
    const text = `the link ${code === 'ERR_LINK_FAILED' ? 'could not be opened' : 'failed'}: ${cause.message}`;
    this.#handler.closed(new LinkError(code, text, { cause }));
  }

  /** Closes the socket when all datagrams have been passed to the system. */
  #release(): void {
    if (this.#sending > 0 || this.#socket === undefined) return;
    this.#socket.close();
    this.#socket = undefined;
  }
}
