import { type ClientOptions, type ClientSettings, createClient, type ImClient } from '@imcore/client/node';
import type { TransportAddress } from '@imcore/server';
import { Inject, Injectable } from '@nestjs/common';
import { ImModuleError } from './errors.js';
import { ImStatus } from './im-status.js';

/** The transports that a client of the own server takes, the first that is there. */
const PREFERRED = ['tcp', 'websocket', 'udp'] as const;

/**
 * Makes clients that live inside the program: users of their own on the server, over a real connection.
 *
 * Those that are not closed when the application ends are closed then, before the server lets go of its sessions.
 */
@Injectable()
export class ImClientFactory {
  readonly #status: ImStatus;
  readonly #open = new Set<ImClient>();
  #hasEnded = false;

  constructor(@Inject(ImStatus) status: ImStatus) {
    this.#status = status;
  }

  /** Number of clients that were made here and are not closed. */
  get openCount(): number {
    return this.#open.size;
  }

  /**
   * Creates a client. With a `url` or a `transport` it goes there; without, to the application's own server, over TCP
   * where that has a transport for it, else WebSocket, else UDP. A transport with TLS needs a `transport`, which says whom
   * it trusts.
   *
   * @throws ImModuleError `ERR_SERVER_NOT_RUNNING` when the own server is meant and does not listen (`onApplicationBootstrap`
   *   of modules that import `ImModule` is late enough), and in any case once the application ends.
   * @throws UsageError `ERR_INVALID_OPTION`
   */
  create(options: ClientOptions | ClientSettings = {}): ImClient {
    if (this.#hasEnded) {
      throw new ImModuleError('ERR_SERVER_NOT_RUNNING', 'a client was asked for while the application ends');
    }
    const client = createClient(hasEndpoint(options) ? options : { ...options, url: this.#ownUrl() });
    this.#open.add(client);
    client.on('state', ({ current }) => {
      if (current === 'closed') this.#open.delete(client);
    });
    return client;
  }

  /** Closes every client that is still open, and makes no more. Called by the module. */
  async closeAll(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all([...this.#open].map((client) => client.close()));
  }

  #ownUrl(): string {
    if (this.#status.state !== 'listening') {
      throw new ImModuleError(
        'ERR_SERVER_NOT_RUNNING',
        `a client of the own server was asked for while that is ${this.#status.state}`,
      );
    }
    const reachable = this.#status.addresses.filter(({ port }) => port > 0);
    const [address] = PREFERRED.flatMap((kind) => reachable.filter(({ transport }) => transport === kind));
    if (address === undefined) {
      throw new ImModuleError(
        'ERR_SERVER_NOT_RUNNING',
        'the own server has no transport with a port of its own: name a url or a transport',
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

/** Where a transport that listens on all addresses is found from within. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
