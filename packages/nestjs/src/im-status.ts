import type { TransportAddress } from '@imcore/server';
import { Injectable } from '@nestjs/common';

/** State and addresses of the application's server. */
@Injectable()
export class ImStatus {
  #state: 'starting' | 'listening' | 'closed' = 'starting';
  #addresses: readonly TransportAddress[] = [];

  get state(): 'starting' | 'listening' | 'closed' {
    return this.#state;
  }

  /**
   * Addresses of the transports, in the order of the option; empty before they listen. A WebSocket transport that shares the
   * application's HTTP server has an empty host and port 0.
   */
  get addresses(): readonly TransportAddress[] {
    return this.#addresses;
  }

  /** Called by the module. */
  listening(addresses: readonly TransportAddress[]): void {
    this.#state = 'listening';
    this.#addresses = addresses;
  }

  /** Called by the module. */
  closed(): void {
    this.#state = 'closed';
  }
}
