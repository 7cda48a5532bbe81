import type { BinaryString, Instant, Packet } from '@imcore/protocol';
import type { Delivery, Origin } from '../delivery/delivery.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { StoreWriter } from '../storage/store-writer.js';
import type { StoredQueue } from '../users/user.js';
import type { MessageStore } from './message-store.js';

/** The user whom a message is for, as far as a route must know. */
export interface RouteReceiver {
  readonly id: string;
  /** Whether the user has a session on this server. */
  readonly isOnline: boolean;
}

/** Whether a route has taken a message; where it has no place for it, why it would be undeliverable. */
export type RouteAnswer = 'taken' | UndeliveredReason;

/**
 * A place that takes messages. The server asks its routes in order, and the first that has a place for a message takes
 * it: `local`, those of the option `routes`, the store, and last the fallback, which asks the application or drops it.
 *
 * A route that answers `'taken'` becomes responsible for an outcome: it calls exactly one of {@link RouteHost.accept} and
 * {@link RouteHost.fallBack}, once. A route that takes steps in between, such as storing the message first, moves the
 * delivery's state and calls its origin itself. It need not write to a session.
 */
export interface Route {
  /** Names it in errors and logs. */
  readonly name: string;
  /** Messages that were taken and have no outcome yet; `close` of the server waits for them. Default none. */
  readonly pending?: number;
  /**
   * Takes a message, or says why it cannot: `reason` where this route is not to blame. Must not throw.
   *
   * @param receiver undefined for a user who is unknown here.
   * @param reason what the routes before this one answered last; `'offline'` for the first.
   */
  take(
    delivery: Delivery,
    receiver: RouteReceiver | undefined,
    now: Instant,
    reason: UndeliveredReason,
  ): RouteAnswer;
  /** The route belongs to a server. Called once, before any other method; nothing must be brought in yet. */
  init?(host: RouteHost): void;
  /** The server listens: messages may be brought in. */
  start?(): Promise<void>;
  /** The server is about to close: nothing must be brought in any more. */
  stopAccepting?(): void;
  /** The server is about to end its sessions: what is taken and unfinished goes to the store, where there is one. */
  secure?(): void;
  /** Frees what it holds. `take` is not called afterwards. */
  close?(): Promise<void>;
}

/** What a route can ask of the server. */
export interface RouteHost {
  readonly runtime: Runtime;
  /** The queues of the server's store; undefined without a store. */
  readonly queues: RouteQueues | undefined;
  /** Whether a user has a session on this server. */
  isOnline(userId: string): boolean;
  /**
   * Brings a message in from elsewhere: it takes the server's routes, from the first on, and `origin` learns its outcome.
   *
   * @param packet of which `from` and `to` are replaced by the arguments.
   */
  dispatch(packet: Packet, from: string, to: string, origin: Origin): void;
  /**
   * Somebody is responsible for a message that was taken: its state changes, and its sender is acknowledged.
   *
   * @param acknowledgement the receiver's own frame, if the sender may be given it as it is.
   */
  accept(delivery: Delivery, outcome: SendOutcome, acknowledgement?: BinaryString): void;
  /** Gives back a message that was taken: the application is asked, or it is dropped. */
  fallBack(delivery: Delivery, reason: UndeliveredReason): void;
}

/** The server's store, as a route may use it. */
export interface RouteQueues {
  readonly store: MessageStore;
  /** Stores and confirms together with what others store and confirm at that moment, and holds what others are being given. */
  readonly writer: StoreWriter;
  /** What the store holds for a user who is online here; undefined for all others. */
  queueOf(userId: string): StoredQueue | undefined;
}
