import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../command-error.js';
import type { DevCluster } from './dev-cluster.js';
import { DevError } from './dev-error.js';
import { parseOrder } from './order.js';
import { LOOPBACK } from './ports.js';

/** The running control page. */
export interface ControlPage {
  readonly url: string;
  close(): void;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The files of the page: path, file from here, content type. */
const FILES = [
  ['/', '../../page/index.html', 'text/html; charset=utf-8'],
  ['/page.css', '../../page/page.css', 'text/css; charset=utf-8'],
  ['/icon.svg', '../../page/icon.svg', 'image/svg+xml'],
  ['/page.js', '../page/page.js', 'text/javascript; charset=utf-8'],
] as const;

const MAX_BODY_BYTES = 4096;

/**
 * Serves the control page on the loopback address. Orders are POST requests with a JSON body; other web pages cannot send them:
 * see {@link isOurs}.
 */
export async function serveControlPage(port: number, cluster: DevCluster): Promise<ControlPage> {
  const files = new Map(
    FILES.map(([path, file, type]) => [
      path as string,
      { type, body: readFileSync(new URL(file, import.meta.url)) },
    ]),
  );
  const server: Server = createServer((request, response) => {
    const respond = (status: number, type: string, body: string | Buffer): void => {
      response.writeHead(status, { ...HEADERS, 'content-type': type }).end(body);
    };
    const { port: own } = server.address() as AddressInfo;
    const file = files.get(request.url ?? '');
    if (!isOurs(request.headers, own)) respond(403, 'text/plain', 'Not allowed for this host or origin.\n');
    else if (request.method === 'POST' && request.url === '/order') void perform(request, response, cluster);
    else if (request.method !== 'GET') respond(405, 'text/plain', 'Only GET, and POST to /order.\n');
    else if (request.url === '/state') respond(200, 'application/json', JSON.stringify(cluster.state()));
    else if (file !== undefined) respond(200, file.type, file.body);
    else respond(404, 'text/plain', 'Not found.\n');
  });
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Whether a request is for the page by one of its own names, and not from another web page. A page of another name that resolves to
 * this address has another `Host`; another page has another `Origin`, and a browser sends one with each POST.
 */
export function isOurs({ host, origin }: IncomingMessage['headers'], port: number): boolean {
  const names = [`${LOOPBACK}:${port}`, `localhost:${port}`];
  return host !== undefined && names.includes(host) && (origin === undefined || origin === `http://${host}`);
}

/** Requires JSON: a page of another origin cannot send that without permission, even where a browser sends no `Origin`. */
async function perform(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: DevCluster,
): Promise<void> {
  const answer = (status: number, body: object): void => {
    response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.headers['content-type'] !== 'application/json')
    return answer(415, { message: 'The body must be application/json.' });
  const body = await readBody(request).catch(() => undefined);
  const order = body === undefined ? undefined : parseOrder(body, cluster.size);
  if (order === undefined) return answer(400, { message: 'This is not a valid order.' });
  try {
    await cluster.perform(order);
    answer(200, cluster.state());
  } catch (error) {
    answer(error instanceof DevError ? 409 : 500, {
      code: error instanceof DevError ? error.code : undefined,
      message: messageOf(error),
    });
  }
}

/** Undefined if it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
