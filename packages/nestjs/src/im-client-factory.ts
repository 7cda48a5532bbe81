import { type ClientOptions, type ClientSettings, createClient, type ImClient } from '@imcore/client/node';
import type { TransportAddress } from '@imcore/server';
import { Inject, Injectable } from '@nestjs/common';
import { ImModuleError } from './errors.js';
import { ImStatus } from './im-status.js';

/** Transports for clients of the own server, in order of preference. */
const PREFERRED = ['tcp', 'websocket', 'udp'] as const;

/**
 * Creates clients inside the program: users of the server, over real connections.
 *
 * Clients that are still open when the application shuts down are closed then, before the server closes.
 */
@Injectable()
export class ImClientFactory {
  readonly #status: ImStatus;
  readonly #open = new Set<ImClient>();
  #isClosed = false;

  constructor(@Inject(ImStatus) status: ImStatus) {
    this.#status = status;
  }

  /** Number of open clients created by this factory. */
  get openCount(): number {
    return this.#open.size;
  }

  /**
   * Creates a client. Without `url` and `transport` it connects to the application's own server, over TCP if the server has
   * that transport, else WebSocket, else UDP. If the server uses TLS, pass a `transport` with the trusted authority.
   *
   * @throws ImModuleError `ERR_SERVER_NOT_RUNNING` when the own server does not listen yet (it does in
   *   `onApplicationBootstrap` of modules that import `ImModule`), and always once the application shuts down.
   * @throws UsageError `ERR_INVALID_OPTION`
   */
  create(options: ClientOptions | ClientSettings = {}): ImClient {
    if (this.#isClosed) {
      throw new ImModuleError(
        'ERR_SERVER_NOT_RUNNING',
        'cannot create a client while the application shuts down',
      );
    }
    const client = createClient(hasEndpoint(options) ? options : { ...options, url: this.#ownUrl() });
    this.#open.add(client);
    client.on('state', ({ current }) => {
      if (current === 'closed') this.#open.delete(client);
    });
    return client;
  }

  /** Closes all open clients and creates no more. Called by the module. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((client) => client.close()));
  }

  #ownUrl(): string {
    if (this.#status.state !== 'listening') {
      throw new ImModuleError(
        'ERR_SERVER_NOT_RUNNING',
        `cannot create a client of the own server while it is ${this.#status.state}`,
      );
    }
    const reachable = this.#status.addresses.filter(({ port }) => port > 0);
    const [address] = PREFERRED.flatMap((kind) => reachable.filter(({ transport }) => transport === kind));
    if (address === undefined) {
      throw new ImModuleError(
        'ERR_SERVER_NOT_RUNNING',
        'the own server has no transport with its own port: pass a url or a transport',
      );
    }
    return urlOf(address);
  }
}

function hasEndpoint(options: ClientOptions | ClientSettings): options is ClientOptions {
  return 'url' in options || 'transport' in options;
}

function urlOf({ transport, host, port }: TransportAddress): string {
  const at = `${reachableHost(host)}:${port}`;
  return transport === 'websocket' ? `ws://${at}/websocket` : `${transport}://${at}`;
}

/** The local address of a transport that listens on all addresses. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
