import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { explainListenError } from './explain-listen-error.js';

/** Maximum number of connections: balancers and supervisors need a few. They do not count for the limits of the server. */
const MAX_CONNECTIONS = 64;
const MAX_PER_ADDRESS = 16;

/** Time-outs of requests and of idle sockets, in milliseconds. */
const TIMEOUTS = { headersTimeout: 2000, requestTimeout: 2000, connectionsCheckingInterval: 500 };
const IDLE_TIMEOUT_MS = 5000;

/** Where the health pages are served. */
export interface HealthAddress {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

/**
 * What a load balancer should know of this server. `starting`: its store has not been able to store yet; `draining`: it sends its users
 * to other nodes; `stopping`: it closes.
 */
export type Readiness = 'starting' | 'ready' | 'draining' | 'stopping';

/** The running health pages. */
export interface HealthPages {
  /** Their URL, without a path. */
  readonly url: string;
  /** Stops serving at once and closes all connections. */
  close(): void;
}

/**
 * Serves two pages for load balancers and supervisors: `/healthz` answers 200 while the process runs, `/readyz` answers 200 while
 * it takes new users and 503 before and afterwards. Once it has been ready, neither depends on the database or the bus: without them all
 * nodes would fail at once, although users who are online can be served.
 *
 * Beyond 64 connections, 16 from one address, the oldest is closed: whoever holds connections must not keep a probe away.
 *
 * @throws CommandError when the port is not available
 */
export async function serveHealth(
  { host, port }: HealthAddress,
  readiness: () => Readiness,
): Promise<HealthPages> {
  const server = createServer(TIMEOUTS, handlerFor(readiness));
  server.on('connection', limitConnections());
  server.setTimeout(IDLE_TIMEOUT_MS);
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw explainListenError(error, { ports: '--admin', host: '--admin' });
  }
  // A connection that the system cannot accept, as without free file descriptors, must not end the process.
  server.on('error', () => {});
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Returns a listener that closes the oldest connection when there are too many. */
function limitConnections(): (socket: Socket) => void {
  const open = new Set<Socket>();
  return (socket) => {
    const alike = [...open].filter(({ remoteAddress }) => remoteAddress === socket.remoteAddress);
    const full = alike.length >= MAX_PER_ADDRESS ? alike : open.size >= MAX_CONNECTIONS ? [...open] : [];
    const [oldest] = full;
    if (oldest !== undefined) {
      oldest.destroy();
      // Its event comes later than other connections of this turn.
      open.delete(oldest);
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
}

/** Parses `127.0.0.1:8100`, `[::1]:8100` or `localhost:8100`; port 0 picks a free one. */
export function parseAddress(text: string): HealthAddress | undefined {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

function handlerFor(readiness: () => Readiness): RequestListener {
  return ({ method, url = '' }, response) => {
    const { status, body } = answerTo(method, url.split('?')[0] ?? '', readiness);
    const type = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(status, { ...type, 'x-content-type-options': 'nosniff' });
    response.end(method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
  };
}

function answerTo(
  method: string | undefined,
  path: string,
  readiness: () => Readiness,
): { readonly status: number; readonly body: object } {
  if (path !== '/healthz' && path !== '/readyz')
    return { status: 404, body: { error: 'The pages are /healthz and /readyz.' } };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: { error: 'Use GET or HEAD.' } };
  if (path === '/healthz') return { status: 200, body: { status: 'ok' } };
  const status = readiness();
  return { status: status === 'ready' ? 200 : 503, body: { status } };
}
