import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TransportAddress } from '@imcore/server';
import { type ChatPageHandler, chatPage } from '@imcore/web';
import { CommandError, messageOf } from '../command-error.js';
import { explainListenError } from './explain-listen-error.js';
import { readTls } from './read-tls.js';
import type { ServeSettings } from './settings.js';

type PageSettings = Pick<ServeSettings, 'http' | 'httpHost' | 'wsPath' | 'token' | 'tlsCert' | 'tlsKey'>;

/** The chat page while it is served. */
export interface ServedPage {
  /** Where a browser opens it. */
  readonly url: string;
  /** Ends it at once, with every connection that browsers keep open. */
  close(): void;
}

/**
 * Serves the chat page, from the directory where the build puts it or from another, for the WebSocket door among the
 * addresses. Undefined where there is no such door, or the page is off.
 *
 * @throws CommandError when the page is not built, or its port cannot be had.
 */
export async function serveChatPage(
  settings: PageSettings,
  addresses: readonly TransportAddress[],
  directory?: string,
): Promise<ServedPage | undefined> {
  const door = addresses.find(({ transport }) => transport === 'websocket');
  if (settings.http === 'off' || door === undefined) return undefined;
  const tls = readTls(settings);
  const answer = listenerFor(pageFor(settings, door.port, directory));
  const server: Server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  await listen(server, settings.http, settings.httpHost);
  const { address, port } = server.address() as AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${isEverywhere(address) ? 'localhost' : host}:${port}/`,
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
    throw new CommandError(messageOf(cause), 'Or serve none, with --http off.', { cause });
  }
}

function listenerFor(page: ChatPageHandler): RequestListener {
  return (request, response) => {
    if (!page(request, response)) refuse(response);
  };
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end('There is nothing here. The chat page is at /.\n');
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw explainListenError(error, { ports: '--http', host: '--http-host' });
  }
}

function isEverywhere(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
