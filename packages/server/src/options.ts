import type { Clock, Random, RetryPolicy } from '@imcore/protocol';
import type { Hooks } from './hooks.js';
import type { ServerLimits } from './limits.js';
import type { Logger } from './ports/logger.js';
import type { MessageStore } from './ports/message-store.js';
import type { PacketHandler } from './ports/packet-handler.js';
import type { Route } from './ports/route.js';
import type { ServerTransport } from './ports/transport.js';

/** Options of `createServer`. */
export interface ServerOptions {
  /** What the server listens with: `tcp()`, `udp()`, `websocket()`, any number of each. */
  readonly transports: readonly ServerTransport[];
  /** Read at each question, so that an object may be filled in until `listen`. */
  readonly hooks?: Hooks | undefined;
  /** Keeps what cannot be delivered at once. Default none: then `onUndeliverable` decides. */
  readonly store?: MessageStore | undefined;
  /** Other places that take messages for users who are not online here, such as a bridge. Asked in order, before the store. */
  readonly routes?: readonly Route[] | undefined;
  /** Handlers of packet types of your own, by type. Packets of any other unknown type are rejected. */
  readonly handlers?: Readonly<Record<number, PacketHandler>> | undefined;
  readonly limits?: { readonly [Name in keyof ServerLimits]?: ServerLimits[Name] | undefined } | undefined;
  /** Addresses that limits per address do not apply to. Default: loopback, where proxies and tests come from. */
  readonly isExemptAddress?: ((address: string) => boolean) | undefined;
  /** How long a message waits for its receiver before it is stored, in milliseconds. Default 1000. */
  readonly storeAfterMs?: number | undefined;
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
