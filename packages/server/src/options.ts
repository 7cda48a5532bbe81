import type { Clock, Random, RetryPolicy } from '@imcore/protocol';
import type { Hooks } from './hooks.js';
import type { ServerLimits } from './limits.js';
import type { Cluster } from './ports/cluster.js';
import type { Logger } from './ports/logger.js';
import type { MessageStore } from './ports/message-store.js';
import type { PacketHandler } from './ports/packet-handler.js';
import type { Route } from './ports/route.js';
import type { ServerTransport } from './ports/transport.js';
import type { SessionPolicy } from './users/session-policy.js';

/** Options of `createServer`. */
export interface ServerOptions {
  /** What the server listens with: `tcp()`, `udp()`, `websocket()`, any number of each. */
  readonly transports: readonly ServerTransport[];
  /** Read at each call, so that the object may be filled in until `listen`. */
  readonly hooks?: Hooks | undefined;
  /** Keeps messages that cannot be delivered at once. Default none: then `onUndeliverable` decides. */
  readonly store?: MessageStore | undefined;
  /**
   * Joins a cluster: several servers serve the same users. Needs a store that they share, such as `postgresStore()`. Default
   * none.
   */
  readonly cluster?: Cluster | undefined;
  /** Additional routes for messages to users who are not online here, such as a bridge. Asked in order, before the store. */
  readonly routes?: readonly Route[] | undefined;
  /** Handlers of packet types of your own, by type. Packets of any other unknown type are rejected. */
  readonly handlers?: Readonly<Record<number, PacketHandler>> | undefined;
  readonly limits?: { readonly [Name in keyof ServerLimits]?: ServerLimits[Name] | undefined } | undefined;
  /** Which sessions of one user may be open together. Default: one of each device, those of MobileIMSDK clients beside them. */
  readonly sessions?: SessionPolicy | undefined;
  /**
   * Addresses and networks of proxies, such as `10.0.0.0/8`. A proxy is trusted to name the address of its client, and its own
   * address is exempt from the limits per address. Default: loopback.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /** How long a message waits for its receiver before it is stored, in milliseconds. Default 1000. */
  readonly storeAfterMs?: number | undefined;
  /** How long a call of the store may take, in milliseconds. A late one counts as failed. Default 10 000. */
  readonly storeTimeoutMs?: number | undefined;
  /** How long a hook may take to answer, in milliseconds. A late hook counts as failed. Default 10 000. */
  readonly hookTimeoutMs?: number | undefined;
  /** When and how often an unacknowledged message is retransmitted. Default: once, after 5 s, as in the original. */
  readonly retry?: RetryPolicy | undefined;
  /** Whether packets of the server contain its time in `sm`. Default false. */
  readonly stampServerTime?: boolean | undefined;
  /** Default: errors and warnings to the console. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  /** Default: a cryptographic source. Fingerprints that verify UDP addresses come from it, so it must not be predictable. */
  readonly random?: Random | undefined;
}
