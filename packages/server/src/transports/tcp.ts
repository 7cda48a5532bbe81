import net from 'node:net';
import tls from 'node:tls';
import { DEFAULT_MAX_TCP_BODY_BYTES } from '@imcore/protocol';
import { checkInteger, checkNames, type OptionNames } from '../check-options.js';
import type { ServerTransport, TransportAddress, TransportHost } from '../ports/transport.js';
import { makeSocketsAlike } from './alike-sockets.js';
import { listen } from './listening.js';
import { StreamConnections } from './stream-connections.js';
import { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.js';

/** Options of `tcp`. */
export interface TcpOptions extends TransportOptions {
  /** Default 8901. */
  readonly port?: number | undefined;
  /** Maximum size of a frame body in either direction, in bytes. Default 6144, as in every original client. */
  readonly maxBodyBytes?: number | undefined;
  /** Enables TLS. At least `key` and `cert`; see `tls.createServer`. */
  readonly tls?: tls.TlsOptions | undefined;
}

const OPTIONS: OptionNames<TcpOptions> = { ...TRANSPORT_OPTIONS, maxBodyBytes: true, tls: true };

/** A TCP transport. Its certificate can be replaced while it runs. */
export interface TcpTransport extends ServerTransport {
  /** Replaces the key and certificate for new handshakes; open connections stay. */
  reloadTls(options: tls.SecureContextOptions): void;
}

const BACKLOG = 4096;

/**
 * Creates a TCP transport: each frame has a 4-byte length header.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/protocol/SPEC.md#1-frames
 */
export function tcp(options: TcpOptions = {}): TcpTransport {
  checkNames(options, OPTIONS);
  checkInteger('maxBodyBytes', options.maxBodyBytes, 1, 0x7fffffff);
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_TCP_BODY_BYTES;
  const readTimeoutMs = readTimeoutOf(options, 'tcp');
  const connections = new StreamConnections(maxBodyBytes);
  let host: TransportHost | undefined;

  const attach = (socket: net.Socket): void => {
    if (host !== undefined) connections.accept(socket, host, transport);
  };
  const server =
    options.tls === undefined
      ? net.createServer({ noDelay: true }, attach)
      : tls.createServer({ handshakeTimeout: readTimeoutMs, noDelay: true, ...options.tls }, attach);
  // Sockets during the TLS handshake are not in `connections` yet.
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
    close: () => connections.close(server, raw),
    reloadTls(context) {
      if (server instanceof tls.Server) server.setSecureContext(context);
    },
  };
  return transport;
}
