import { ImServer, type Logger } from '@imcore/server';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { findListeners } from './find-listeners.js';
import { ImClientFactory } from './im-client-factory.js';
import { ImStatus } from './im-status.js';
import { ListenerRegistry } from './listener-registry.js';
import { IM_MODULE_OPTIONS, type ImModuleOptions } from './module-options.js';
import { IM_LOGGER } from './providers.js';

/**
 * Starts and closes the server with the application.
 *
 * Startup: all providers exist, listeners are connected, the transports listen, then the application's HTTP server listens.
 * Shutdown: clients inside the program log out, the server drains and closes, then the HTTP server closes. WebSocket
 * connections on the shared port would otherwise keep it open.
 */
@Injectable()
export class ImLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #server: ImServer;
  readonly #registry: ListenerRegistry;
  readonly #discovery: DiscoveryService;
  readonly #clients: ImClientFactory;
  readonly #status: ImStatus;
  readonly #options: ImModuleOptions;
  readonly #logger: Logger;

  constructor(
    @Inject(ImServer) server: ImServer,
    @Inject(ListenerRegistry) registry: ListenerRegistry,
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(ImClientFactory) clients: ImClientFactory,
    @Inject(ImStatus) status: ImStatus,
    @Inject(IM_MODULE_OPTIONS) options: ImModuleOptions,
    @Inject(IM_LOGGER) logger: Logger,
  ) {
    this.#server = server;
    this.#registry = registry;
    this.#discovery = discovery;
    this.#clients = clients;
    this.#status = status;
    this.#options = options;
    this.#logger = logger;
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      for (const listener of findListeners(this.#discovery)) this.#registry.connect(this.#server, listener);
      const addresses = await this.#server.listen();
      this.#status.listening(addresses);
      for (const { transport, host, port } of addresses) {
        if (port > 0) this.#logger.info({ transport, host, port }, 'listening');
        else this.#logger.info({ transport }, "listening on the application's HTTP server");
      }
    } catch (error) {
      await this.#close(0);
      throw error;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#clients.closeAll();
    await this.#close(this.#options.drainMs);
  }

  async #close(drainMs: number | undefined): Promise<void> {
    this.#status.closed();
    await this.#server.close({ drainMs });
  }
}
