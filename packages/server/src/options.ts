import type { Clock, Random, RetryPolicy } from '@imcore/protocol';
import type { Hooks } from './hooks.js';
import type { ServerLimits } from './limits.js';
import type { Bridge } from './ports/bridge.js';
import type { Logger } from './ports/logger.js';
import type { MessageStore } from './ports/message-store.js';
import type { ServerTransport } from './transports/transport.js';

/** Options of `createServer`. */
export interface ServerOptions {
  /** Where peers come from: `tcp()`, `udp()`, `websocket()`, any number of each. */
  readonly transports: readonly ServerTransport[];
  /** Asked at each question, so that an object may be filled in until `listen`. */
  readonly hooks?: Hooks | undefined;
  /** Keeps what cannot be delivered at once. Default none: then `onUndeliverable` decides. */
  readonly store?: MessageStore | undefined;
  /** Joins the users of another system. Default none. */
  readonly bridge?: Bridge | undefined;
  readonly limits?: { readonly [Name in keyof ServerLimits]?: ServerLimits[Name] | undefined } | undefined;
  /** Addresses that limits per address do not apply to. Default: loopback, where proxies and tests come from. */
  readonly isExemptAddress?: ((address: string) => boolean) | undefined;
  /** How long a message waits for its receiver before the store takes it, in milliseconds. Default 1000. */
  readonly storeAfterMs?: number | undefined;
  /** How often the store is asked to let go of what has waited too long, in milliseconds. Default 60 000. */
  readonly expireEveryMs?: number | undefined;
  /** How long a hook may take to answer, in milliseconds. Then it counts as one that throws. Default 10 000. */
  readonly hookTimeoutMs?: number | undefined;
  /** How often an unacknowledged message is written again. Default: after 5 s, once, as the original. */
  readonly retry?: RetryPolicy | undefined;
  /** Whether what the server sends carries its time in `sm`. Default false. */
  readonly stampServerTime?: boolean | undefined;
  /** Default: errors and warnings to the console. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}
