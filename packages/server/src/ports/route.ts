import type { BinaryString, Instant, Packet } from '@imcore/protocol';
import type { Delivery, Origin } from '../delivery/delivery.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { StoreWriter } from '../storage/store-writer.js';
import type { StoredQueue } from '../users/user.js';
import type { MessageStore } from './message-store.js';

/** The user that a message is for, as a route sees it. */
export interface RouteReceiver {
  readonly id: string;
  /** Whether the user has a session on this server. */
  readonly isOnline: boolean;
}

/** `'taken'` if a route accepts a message; otherwise why the message would be undeliverable. */
export type RouteAnswer = 'taken' | UndeliveredReason;

/**
 * A way to deliver or keep messages. The server asks its routes in order, and the first one that accepts a message takes it:
 * `local`, in a cluster `cluster`, those of the option `routes`, the store, and last the fallback, which asks the application or
 * drops the message.
 *
 * A route that answers `'taken'` becomes responsible for an outcome: it calls exactly one of {@link RouteHost.accept} and
 * {@link RouteHost.fallBack}, once. A route that takes steps in between, such as storing the message first, moves the
 * delivery's state and calls its origin itself. It need not write to a session.
 */
export interface Route {
  /** Names it in errors and logs. */
  readonly name: string;
  /** Number of messages that were taken and have no outcome yet; `close` of the server waits for them. Default 0. */
  readonly pending?: number;
  /**
   * Takes a message, or returns why it cannot; `reason`, if the message is simply not for this route. Must not throw.
   *
   * @param receiver undefined for a user who is unknown on this server.
   * @param reason the answer of the previous route; `'offline'` for the first.
   */
  take(
    delivery: Delivery,
    receiver: RouteReceiver | undefined,
    now: Instant,
    reason: UndeliveredReason,
  ): RouteAnswer;
  /** Called once, before any other method, when the server is created. Must not dispatch messages yet. */
  init?(host: RouteHost): void;
  /** The server listens: the route may dispatch messages. */
  start?(): Promise<void>;
  /** The server is closing: the route must not dispatch messages any more. */
  stopAccepting?(): void;
  /** The server is about to end its sessions: the route stores its unfinished messages, if there is a store. */
  secure?(): void;
  /** Releases all resources. `take` is not called afterwards. */
  close?(): Promise<void>;
}

/** The server, as a route sees it. */
export interface RouteHost {
  readonly runtime: Runtime;
  /** The queues of the server's store; undefined without a store. */
  readonly queues: RouteQueues | undefined;
  /** Whether other servers use the same store. */
  readonly isInCluster: boolean;
  /** Whether a user has a session on this server or, in a cluster, at any node. */
  isOnline(userId: string): boolean;
  /** A message for a user was appended to the store: it is written to the user's sessions, also at other nodes of a cluster. */
  appended(userId: string): void;
  /**
   * Dispatches a message from elsewhere to the server's routes, the first one first. The outcome is reported to `origin`.
   *
   * @param packet the message; its `from` and `to` are replaced by the arguments.
   */
  dispatch(packet: Packet, from: string, to: string, origin: Origin): void;
  /**
   * Reports that a message that was taken is delivered or stored: its state changes, and its sender is acknowledged.
   *
   * @param acknowledgement the receiver's own frame, if it can be forwarded to the sender unchanged.
   */
  accept(delivery: Delivery, outcome: SendOutcome, acknowledgement?: BinaryString): void;
  /** Passes a message that was taken to the fallback: the application is asked, or the message is dropped. */
  fallBack(delivery: Delivery, reason: UndeliveredReason): void;
}

/** The server's store, as a route may use it. */
export interface RouteQueues {
  readonly store: MessageStore;
  /** Appends and confirms in batches, and holds messages that a route is delivering elsewhere. */
  readonly writer: StoreWriter;
  /** Returns the queue of a user who is online here; undefined for all other users. */
  queueOf(userId: string): StoredQueue | undefined;
}
