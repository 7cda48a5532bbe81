import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ImServer, TransportAddress } from '@imcore/server';
import { type ChatPageHandler, chatPage } from '@imcore/web';
import { CommandError, messageOf } from '../command-error.js';
import { explainListenError } from './explain-listen-error.js';
import { readTls } from './read-tls.js';
import type { ServeSettings } from './settings.js';

type PageSettings = Pick<ServeSettings, 'http' | 'httpHost' | 'wsPath' | 'token' | 'tlsCert' | 'tlsKey'>;

/** Time-outs of requests, in milliseconds. The last is that of a browser that reads none of a response. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };
const IDLE_TIMEOUT_MS = 30_000;

/** The running chat page. */
export interface ServedPage {
  /** URL for a browser. */
  readonly url: string;
  /** Stops serving at once and closes all connections. */
  close(): void;
}

/**
 * Serves the chat page, which connects to the WebSocket listener among the addresses. Undefined without such a listener,
 * or when the page is off.
 *
 * @param imServer counts the sockets of the page for its limits
 * @param directory where the page is. Default: where the build puts it
 * @throws CommandError when the page is not built, or its port is not available.
 */
export async function serveChatPage(
  settings: PageSettings,
  addresses: readonly TransportAddress[],
  imServer: Pick<ImServer, 'countSockets'>,
  directory?: string,
): Promise<ServedPage | undefined> {
  const webSocket = addresses.find(({ transport }) => transport === 'websocket');
  if (settings.http === 'off' || webSocket === undefined) return undefined;
  const tls = readTls(settings);
  const handler = handlerFor(pageFor(settings, webSocket.port, directory));
  const server: Server =
    tls === undefined
      ? createServer(TIMEOUTS, handler)
      : createSecureServer({ ...TIMEOUTS, ...tls }, handler);
  server.setTimeout(IDLE_TIMEOUT_MS);
  imServer.countSockets(server);
  await listen(server, settings.http, settings.httpHost);
  const { address, port } = server.address() as AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${isAnyAddress(address) ? 'localhost' : host}:${port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pageFor(
  { wsPath, token, tlsCert }: PageSettings,
  port: number,
  directory: string | undefined,
): ChatPageHandler {
  try {
    const webSocket = { port, path: wsPath, secure: tlsCert !== undefined };
    return chatPage({ webSocket, tokenRequired: token !== undefined, directory });
  } catch (cause) {
    throw new CommandError(messageOf(cause), 'To run without the chat page, use --http off.', { cause });
  }
}

function handlerFor(page: ChatPageHandler): RequestListener {
  return (request, response) => {
    if (!page(request, response)) respondNotFound(response);
  };
}

function respondNotFound(response: ServerResponse): void {
  response.writeHead(404, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end('Not found. The chat page is at /.\n');
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw explainListenError(error, { ports: '--http', host: '--http-host' });
  }
}

function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
