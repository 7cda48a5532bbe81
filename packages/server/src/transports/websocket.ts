import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { checkInteger, checkNames, checkOneOf, type OptionNames } from '../check-options.js';
import { UsageError } from '../errors.js';
import type { ServerTransport, TransportAddress, TransportHost } from '../ports/transport.js';
import { FORWARDED_HEADERS, type ForwardedHeader } from '../proxies/forwarded-client.js';
import { makeSocketsAlike } from './alike-sockets.js';
import { Flusher } from './flusher.js';
import { moveToClient } from './forwarded-requests.js';
import { admitHttpSockets, type HttpServer, type HttpSockets } from './http-sockets.js';
import { listen, portOf, stop } from './listening.js';
import { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.js';
import { rejectUpgrade, shareUpgrades } from './upgrades.js';
import { WebSocketConnection } from './websocket-connection.js';
import { readHandshake } from './websocket-handshake.js';

/** Options of `websocket`. */
export interface WebSocketOptions extends TransportOptions {
  /** Default 3000. */
  readonly port?: number | undefined;
  /**
   * Uses this HTTP server, which its owner starts and stops, instead of opening a port. A function is called when the
   * transport starts to listen, for an HTTP server that is created later.
   */
  readonly server?: HttpServer | (() => HttpServer) | undefined;
  /** Path of the endpoint. Default `/websocket`. */
  readonly path?: string | undefined;
  /** Origins of web pages that may connect, such as `https://chat.example.com`. Default: all. Other clients always may. */
  readonly origins?: readonly string[] | undefined;
  /**
   * The HTTP header in which trusted proxies name the address of the client. The other one is ignored, because proxies pass it on
   * as the client has sent it. Default `x-forwarded-for`.
   */
  readonly forwardedHeader?: ForwardedHeader | undefined;
  /** Maximum size of a message in either direction, in bytes. Default 65 536. */
  readonly maxBodyBytes?: number | undefined;
  /** Enables TLS (wss). At least `key` and `cert`. */
  readonly tls?: tls.TlsOptions | undefined;
}

/** How long `close` waits for connections that are closing, in milliseconds. */
const CUT_AFTER_MS = 1200;

const OPTIONS: OptionNames<WebSocketOptions> = {
  ...TRANSPORT_OPTIONS,
  server: true,
  path: true,
  origins: true,
  forwardedHeader: true,
  maxBodyBytes: true,
  tls: true,
};

/** A WebSocket transport. Its certificate can be replaced while it runs. */
export interface WebSocketTransport extends ServerTransport {
  /** Replaces the key and certificate for new handshakes; open connections stay. */
  reloadTls(options: tls.SecureContextOptions): void;
}

/**
 * Creates a WebSocket transport: one packet per text message.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/protocol/SPEC.md#1-frames
 */
export function websocket(options: WebSocketOptions = {}): WebSocketTransport {
  checkNames(options, OPTIONS);
  checkInteger('maxBodyBytes', options.maxBodyBytes, 1, 0x7fffffff);
  if (options.server !== undefined && (options.port !== undefined || options.tls !== undefined)) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'option server cannot be combined with port or tls: the given server has its own',
    );
  }
  const path = options.path ?? '/websocket';
  const maxBodyBytes = options.maxBodyBytes ?? 65_536;
  const { forwardedHeader = 'x-forwarded-for' } = options;
  checkOneOf('forwardedHeader', forwardedHeader, FORWARDED_HEADERS);
  const readTimeoutMs = readTimeoutOf(options, 'websocket');
  const given = options.server;
  const own = given === undefined ? createHttpServer(options) : undefined;
  const flusher = new Flusher();
  const connections = new Set<WebSocketConnection>();
  const open: { host?: TransportHost; sockets?: HttpSockets; stopSharing?: () => void } = {};
  let isAccepting = true;

  const onUpgrade = (request: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { host } = open;
    if (host === undefined || !isAccepting) {
      rejectUpgrade(socket, 503, 'Service Unavailable');
      return;
    }
    const admission = open.sockets?.admissionOf(request.socket);
    if (admission === undefined) return;
    if (!isAllowedOrigin(request.headers.origin, options.origins)) {
      host.count('handshakesRejected');
      rejectUpgrade(socket, 403, 'Forbidden');
      return;
    }
    const handshake = readHandshake(request);
    if (!handshake.isValid) {
      host.count('handshakesRejected');
      rejectUpgrade(socket, handshake.status, handshake.reason);
      return;
    }
    const rejection = moveToClient(request, forwardedHeader, admission, host);
    if (rejection !== undefined) {
      if (rejection === 'malformed-header') rejectUpgrade(socket, 400, 'Bad Request');
      else rejectUpgrade(socket, 503, 'Service Unavailable');
      return;
    }
    const connection = new WebSocketConnection(request.socket, admission, flusher, maxBodyBytes, connections);
    const handler = host.accept(connection, transport, admission);
    connection.acceptHandshake(handshake.response, head);
    if (typeof handler === 'string') connection.reject(handler);
    else connection.start(handler);
  };

  const attach = (server: HttpServer, host: TransportHost): void => {
    open.host = host;
    open.sockets = admitHttpSockets(server, host, { untilRequest: own === undefined });
    const isOurs = (request: http.IncomingMessage): boolean => pathOf(request) === path;
    open.stopSharing = shareUpgrades(server, {
      isOurs,
      listener: onUpgrade,
      onNotTaken: () => host.count('handshakesRejected'),
    });
  };

  const transport: WebSocketTransport = {
    transport: 'websocket',
    readTimeoutMs,
    maxSendBytes: maxBodyBytes,
    async listen(host): Promise<TransportAddress> {
      makeSocketsAlike();
      if (own === undefined) {
        const shared = typeof given === 'function' ? given() : given;
        if (shared !== undefined) attach(shared, host);
        return { transport: 'websocket', host: '', port: shared === undefined ? 0 : portOf(shared) };
      }
      attach(own, host);
      own.on('tlsClientError', (_error, socket) => {
        host.count('handshakesRejected');
        socket.destroy();
      });
      const address = { host: options.host ?? '0.0.0.0', port: options.port ?? 3000 };
      const port = await listen(own, { ...address, backlog: 4096 });
      own.on('error', (error) => host.failed(error));
      return { transport: 'websocket', host: address.host, port };
    },
    stopAccepting() {
      isAccepting = false;
      own?.close();
    },
    stopListening: () => void own?.close(),
    async close() {
      open.stopSharing?.();
      open.sockets?.stop();
      for (const connection of connections) if (!connection.isClosing) connection.destroy();
      if (own === undefined) return;
      const stopped = stop(own);
      own.closeAllConnections();
      // Sockets in the TLS handshake, and those whose peers do not close their side.
      const cut = setTimeout(() => open.sockets?.destroyAll(), CUT_AFTER_MS);
      await stopped;
      clearTimeout(cut);
    },
    reloadTls(context) {
      if (own instanceof https.Server) own.setSecureContext(context);
    },
  };
  return transport;
}

/** Creates an HTTP server for WebSocket handshakes only. Other requests get 426. */
function createHttpServer(options: WebSocketOptions): HttpServer {
  const answer: http.RequestListener = (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket', 'content-type': 'text/plain' });
    response.end('This is a WebSocket endpoint.\n');
  };
  // The deadline of the login covers the headers and the whole request.
  const timeouts = { headersTimeout: 0, requestTimeout: 0 };
  return options.tls === undefined
    ? http.createServer(timeouts, answer)
    : https.createServer({ ...timeouts, ...options.tls }, answer);
}

function pathOf(request: http.IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function isAllowedOrigin(origin: string | undefined, allowed: readonly string[] | undefined): boolean {
  return origin === undefined || allowed === undefined || allowed.includes(origin);
}
