import type { GatewayAddress } from '@imcore/server';
import { Injectable } from '@nestjs/common';

/** Whether the application's server runs, and where. */
@Injectable()
export class ImStatus {
  #state: 'starting' | 'listening' | 'closed' = 'starting';
  #addresses: readonly GatewayAddress[] = [];

  get state(): 'starting' | 'listening' | 'closed' {
    return this.#state;
  }

  /**
   * Where the gateways listen, in the order of the option; empty before they do. A WebSocket gateway that shares the
   * application's HTTP server has an empty host and port 0: its address is the application's.
   */
  get addresses(): readonly GatewayAddress[] {
    return this.#addresses;
  }

  /** Called by the module. */
  listening(addresses: readonly GatewayAddress[]): void {
    this.#state = 'listening';
    this.#addresses = addresses;
  }

  /** Called by the module. */
  closed(): void {
    this.#state = 'closed';
  }
}
