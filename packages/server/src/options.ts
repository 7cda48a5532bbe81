import type { Clock, Random, RetryPolicy } from '@imcore/protocol';
import type { Gateway } from './gateways/gateway.js';
import type { Hooks } from './hooks.js';
import type { ServerLimits } from './limits.js';
import type { Bridge } from './ports/bridge.js';
import type { Logger } from './ports/logger.js';
import type { MessageStore } from './ports/message-store.js';

/** Options of `createServer`. */
export interface ServerOptions {
  /** Where peers come from: `tcp()`, `udp()`, `websocket()`, any number of each. */
  readonly gateways: readonly Gateway[];
  readonly hooks?: Hooks;
  /** Keeps what cannot be delivered at once. Default none: then `onUndeliverable` decides. */
  readonly store?: MessageStore;
  /** Joins the users of another system. Default none. */
  readonly bridge?: Bridge;
  readonly limits?: Partial<ServerLimits>;
  /** Addresses that limits per address do not apply to. Default: loopback, where proxies and tests come from. */
  readonly isExemptAddress?: (address: string) => boolean;
  /** How long a message waits for its receiver before the store takes it, in milliseconds. Default 1000. */
  readonly storeAfterMs?: number;
  /** How often an unacknowledged message is written again. Default: after 5 s, once, as the original. */
  readonly retry?: RetryPolicy;
  /** Whether what the server sends carries its time in `sm`. Default false. */
  readonly stampServerTime?: boolean;
  /** Default: errors and warnings to the console. */
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}
