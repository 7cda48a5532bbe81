import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { WebSocketServer } from 'ws';
import { checkInteger, checkNames, type OptionNames } from '../check-options.js';
import { UsageError } from '../errors.js';
import type { ServerTransport, TransportAddress, TransportHost } from '../ports/transport.js';
import { makeSocketsAlike } from './alike-sockets.js';
import { Flusher } from './flusher.js';
import { listen, portOf, stop } from './listening.js';
import { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.js';
import { WebSocketConnection } from './websocket-connection.js';

type HttpServer = http.Server | https.Server;

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
  /** Maximum size of a message in either direction, in bytes. Default 65 536. */
  readonly maxBodyBytes?: number | undefined;
  /** Enables TLS (wss). At least `key` and `cert`. */
  readonly tls?: tls.TlsOptions | undefined;
}

const OPTIONS: OptionNames<WebSocketOptions> = {
  ...TRANSPORT_OPTIONS,
  server: true,
  path: true,
  origins: true,
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
  const readTimeoutMs = readTimeoutOf(options, 'websocket');
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBodyBytes,
    perMessageDeflate: false,
    handleProtocols: () => false,
  });
  const given = options.server;
  const own = given === undefined ? createHttpServer(options, readTimeoutMs) : undefined;
  let server = own;
  const flusher = new Flusher();
  let transportHost: TransportHost | undefined;
  let isAccepting = true;

  const onUpgrade = (request: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
    const isOurs = pathOf(request) === path;
    if (!isOurs && own === undefined && server !== undefined && server.listenerCount('upgrade') > 1) return;
    if (transportHost === undefined || !isAccepting) {
      reject(socket, 503, 'Service Unavailable');
      return;
    }
    if (!isOurs) {
      transportHost.count('handshakesRejected');
      reject(socket, 404, 'Not Found');
      return;
    }
    if (!isAllowedOrigin(request.headers.origin, options.origins)) {
      transportHost.count('handshakesRejected');
      reject(socket, 403, 'Forbidden');
      return;
    }
    const host = transportHost;
    sockets.handleUpgrade(request, socket, head, (peer) => {
      const connection = new WebSocketConnection(peer, request.socket, flusher, maxBodyBytes);
      const handler = host.accept(connection, transport);
      if (typeof handler === 'string') {
        peer.on('error', () => peer.terminate());
        peer.close(TRY_AGAIN_LATER, handler);
      } else connection.start(handler);
    });
  };

  const transport: WebSocketTransport = {
    transport: 'websocket',
    readTimeoutMs,
    maxSendBytes: maxBodyBytes,
    async listen(host): Promise<TransportAddress> {
      transportHost = host;
      makeSocketsAlike();
      const shared = typeof given === 'function' ? given() : given;
      server = shared ?? own;
      server?.on('upgrade', onUpgrade);
      if (own === undefined) {
        return { transport: 'websocket', host: '', port: shared === undefined ? 0 : portOf(shared) };
      }
      const address = { host: options.host ?? '0.0.0.0', port: options.port ?? 3000 };
      const port = await listen(own, { ...address, backlog: 4096 });
      own.on('error', (error) => host.failed(error));
      return { transport: 'websocket', host: address.host, port };
    },
    stopAccepting() {
      isAccepting = false;
      own?.close();
    },
    async close() {
      server?.removeListener('upgrade', onUpgrade);
      const stopped = own === undefined ? undefined : stop(own);
      for (const peer of sockets.clients) if (peer.readyState === peer.OPEN) peer.terminate();
      own?.closeAllConnections();
      await stopped;
    },
    reloadTls(context) {
      if (own instanceof https.Server) own.setSecureContext(context);
    },
  };
  return transport;
}

/** Close code "Try Again Later" of the IANA registry, for a server that is overloaded. */
const TRY_AGAIN_LATER = 1013;

/** Creates an HTTP server for WebSocket handshakes only. Other requests get 426; idle sockets are closed. */
function createHttpServer(options: WebSocketOptions, readTimeoutMs: number): http.Server | https.Server {
  const answer: http.RequestListener = (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket', 'content-type': 'text/plain' });
    response.end('This is a WebSocket endpoint.\n');
  };
  const timeouts = {
    headersTimeout: readTimeoutMs,
    requestTimeout: readTimeoutMs,
    connectionsCheckingInterval: 1000,
  };
  const server =
    options.tls === undefined
      ? http.createServer(timeouts, answer)
      : https.createServer({ ...timeouts, ...options.tls }, answer);
  server.setTimeout(readTimeoutMs);
  return server;
}

function reject(socket: Duplex, status: number, reason: string): void {
  socket.on('error', () => socket.destroy());
  // The peer may never close its side, so the socket is destroyed.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function pathOf(request: http.IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function isAllowedOrigin(origin: string | undefined, allowed: readonly string[] | undefined): boolean {
  return origin === undefined || allowed === undefined || allowed.includes(origin);
}
