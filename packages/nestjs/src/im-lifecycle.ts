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
import { IM_MODULE_OPTIONS, type ImModuleOptions } from './module-options.js';
import { IM_LOGGER } from './providers.js';
import { Switchboard } from './switchboard.js';

/**
 * Starts and ends the server with the application.
 *
 * Start: every provider exists, listeners are connected, then the transports open, then the application's HTTP server.
 * End: clients inside the program log out, the server drains, and only then the HTTP server closes: a connection that
 * it shares would keep it open otherwise.
 */
@Injectable()
export class ImLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #server: ImServer;
  readonly #switchboard: Switchboard;
  readonly #discovery: DiscoveryService;
  readonly #clients: ImClientFactory;
  readonly #status: ImStatus;
  readonly #options: ImModuleOptions;
  readonly #logger: Logger;

  constructor(
    @Inject(ImServer) server: ImServer,
    @Inject(Switchboard) switchboard: Switchboard,
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(ImClientFactory) clients: ImClientFactory,
    @Inject(ImStatus) status: ImStatus,
    @Inject(IM_MODULE_OPTIONS) options: ImModuleOptions,
    @Inject(IM_LOGGER) logger: Logger,
  ) {
    this.#server = server;
    this.#switchboard = switchboard;
    this.#discovery = discovery;
    this.#clients = clients;
    this.#status = status;
    this.#options = options;
    this.#logger = logger;
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      for (const listener of findListeners(this.#discovery))
        this.#switchboard.connect(this.#server, listener);
      const addresses = await this.#server.listen();
      this.#status.listening(addresses);
      for (const { transport, host, port } of addresses) {
        if (port > 0) this.#logger.info({ transport, host, port }, 'listening');
        else this.#logger.info({ transport }, 'listening on the application’s HTTP server');
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
