import net from 'node:net';
import type tls from 'node:tls';
import { DEFAULT_MAX_TCP_BODY_BYTES } from '@imcore/protocol';
import { checkInteger, checkNames, checkOneOf, type OptionNames } from '../check-options.js';
import type {
  ServerTransport,
  SocketAdmission,
  TransportAddress,
  TransportHost,
} from '../ports/transport.js';
import { admitSocket } from './admit-socket.js';
import { makeSocketsAlike } from './alike-sockets.js';
import { listen } from './listening.js';
import { PROXY_PROTOCOL, ProxyHeaders, type ProxyProtocol } from './proxy-headers.js';
import { StreamConnections } from './stream-connections.js';
import { TlsHandshakes } from './tls-handshakes.js';
import { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.js';

/** Options of `tcp`. */
export interface TcpOptions extends TransportOptions {
  /** Default 8901. */
  readonly port?: number | undefined;
  /** Maximum size of a frame body in either direction, in bytes. Default 6144, as in every original client. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Whether connections of trusted proxies begin with a header of the PROXY protocol, version 1 or 2, before TLS and frames.
   * `required`: a connection without it is closed. Default `off`.
   */
  readonly proxyProtocol?: ProxyProtocol | undefined;
  /** Enables TLS. At least `key` and `cert`; see `tls.createServer`. */
  readonly tls?: tls.TlsOptions | undefined;
}

const OPTIONS: OptionNames<TcpOptions> = {
  ...TRANSPORT_OPTIONS,
  maxBodyBytes: true,
  proxyProtocol: true,
  tls: true,
};

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

  const offer = (socket: net.Socket, admission: SocketAdmission): void => {
    if (host !== undefined) connections.accept(socket, host, transport, admission);
  };
  const headers = new ProxyHeaders(proxyProtocolOf(options), 'tcp');
  const handshakes = options.tls && new TlsHandshakes(options.tls, offer);
  const server = net.createServer({ noDelay: true }, (socket) => {
    if (host === undefined) return;
    const admission = admitSocket(socket, host);
    if (admission === undefined) return;
    headers.read(socket, admission, host, () => {
      if (handshakes === undefined) offer(socket, admission);
      else handshakes.start(socket, admission);
    });
  });

  const transport: TcpTransport = {
    transport: 'tcp',
    readTimeoutMs,
    maxSendBytes: maxBodyBytes,
    async listen(transportHost): Promise<TransportAddress> {
      host = transportHost;
      makeSocketsAlike();
      handshakes?.countFailures(transportHost);
      const address = { host: options.host ?? '0.0.0.0', port: options.port ?? 8901 };
      const port = await listen(server, { ...address, backlog: BACKLOG });
      server.on('error', (error) => transportHost.failed(error));
      return { transport: 'tcp', host: address.host, port };
    },
    stopAccepting: () => void server.close(),
    stopListening: () => void server.close(),
    close() {
      headers.destroyAll();
      return connections.close(server, () => handshakes?.destroyAll());
    },
    reloadTls: (context) => handshakes?.reload(context),
  };
  return transport;
}

function proxyProtocolOf({ proxyProtocol = 'off' }: TcpOptions): ProxyProtocol {
  checkOneOf('proxyProtocol', proxyProtocol, PROXY_PROTOCOL);
  return proxyProtocol;
}
