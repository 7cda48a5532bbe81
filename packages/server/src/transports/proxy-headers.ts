import type net from 'node:net';
import type { SocketAdmission, TransportHost } from '../ports/transport.js';
import { readProxyHeader } from '../proxies/proxy-header.js';

/** Whether connections of trusted proxies begin with a header of the PROXY protocol. */
export const PROXY_PROTOCOL = ['off', 'optional', 'required'] as const;

/** One of {@link PROXY_PROTOCOL}. */
export type ProxyProtocol = (typeof PROXY_PROTOCOL)[number];

/**
 * Reads the headers of the PROXY protocol at the beginning of connections of trusted proxies, before TLS and before the first
 * frame. Connections from other addresses are not touched.
 *
 * Keeps at most one chunk and {@link readProxyHeader}'s maximum per connection. The deadline is that of the admission.
 */
export class ProxyHeaders {
  readonly #mode: ProxyProtocol;
  readonly #transport: string;
  /** The sockets whose header has not arrived completely. */
  readonly #waiting = new Set<net.Socket>();

  constructor(mode: ProxyProtocol, transport: string) {
    this.#mode = mode;
    this.#transport = transport;
  }

  /**
   * Calls `onReady` when the header was read and the admission was moved to the address that it names; at once if none is
   * expected. Destroys the socket and reports it if the header is malformed or missing.
   */
  read(socket: net.Socket, admission: SocketAdmission, host: TransportHost, onReady: () => void): void {
    if (this.#mode === 'off' || !host.isTrustedProxy(admission.remoteAddress)) {
      onReady();
      return;
    }
    let received = Buffer.alloc(0);
    const onReadable = (): void => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      received = Buffer.concat([received, chunk]);
      const header = readProxyHeader(received);
      if (header.kind === 'malformed') {
        reject(header.reason);
      } else if (header.kind === 'complete') {
        const { source, length } = header;
        const rejection = source && admission.moveTo(source.address, source.port);
        if (rejection === undefined) proceed(length);
        else discard();
      } else if (header.kind === 'absent') {
        if (this.#mode === 'optional') proceed(0);
        else reject('a connection of a trusted proxy must begin with it');
      }
    };
    const proceed = (headerBytes: number): void => {
      stop();
      if (received.length > headerBytes) socket.unshift(received.subarray(headerBytes));
      onReady();
    };
    const reject = (reason: string): void => {
      host.proxyHeaderRejected(this.#transport, admission.remoteAddress, `PROXY header: ${reason}`);
      discard();
    };
    const discard = (): void => {
      received = Buffer.alloc(0);
      socket.destroy();
    };
    const onClose = (): void => {
      stop();
      if (received.length > 0) reject(`the connection ended after ${received.length} bytes of it`);
      admission.release();
    };
    const stop = (): void => {
      this.#waiting.delete(socket);
      socket.removeListener('readable', onReadable);
      socket.removeListener('error', discard);
      socket.removeListener('close', onClose);
    };
    this.#waiting.add(socket);
    socket.on('readable', onReadable);
    socket.on('error', discard);
    socket.on('close', onClose);
  }

  destroyAll(): void {
    for (const socket of [...this.#waiting]) socket.destroy();
  }
}
