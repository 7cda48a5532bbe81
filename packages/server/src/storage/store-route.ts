import type { BinaryString, Instant, RetryPolicy } from '@imcore/protocol';
import type { Delivery, DeliveryState } from '../delivery/delivery.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { FallbackRoute } from '../delivery/fallback-route.js';
import { drainInbox, type InFlightPolicy, withdraw, writeAgain } from '../delivery/in-flight-policy.js';
import { reportDeleted, reportDisplaced, reportQueueFull } from '../delivery/reports.js';
import { asError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { AppendResult, MessageStore } from '../ports/message-store.js';
import type { Route, RouteAnswer, RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import type { Device } from '../users/device.js';
import type { StoredQueue, User } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import type { OfflineNotifier } from './offline-notifier.js';
import { REPLAY_WINDOW, type Replay } from './replay.js';
import { type ReplayContext, ReplayQueue } from './replay-queue.js';
import { StoreWriter } from './store-writer.js';

/**
 * Stored messages that stay in memory beside the store for one session that does not acknowledge them, in bytes. Those
 * beyond are left to the replay.
 */
export const MAX_STORED_IN_FLIGHT_BYTES = 1024 * 1024;

/** The shortest time between two confirmations to the store, in milliseconds: each may be a write to the disk. */
const CONFIRM_EVERY_MS = 25;

/** How long a store that failed is left alone before the next try, in milliseconds. */
const STORE_RETRY_MS = 1000;

/** What a {@link StoreRoute} works with. */
interface StoreRouteOptions {
  readonly store: MessageStore;
  readonly users: UserRegistry;
  readonly dispatcher: Dispatcher;
  readonly fallback: FallbackRoute;
  readonly notifier: OfflineNotifier;
  readonly retry: RetryPolicy;
  /** How long a message waits for its receiver before it is stored, in milliseconds. */
  readonly storeAfterMs: number;
}

/**
 * Takes messages into the store, and brings users who come online what it holds for them.
 *
 * What is in flight to a session goes to the store too when the receiver takes too long to acknowledge it, or at once
 * where the store keeps a history; from then on it is written again as long as it waits.
 */
export class StoreRoute implements Route, RouteQueues, InFlightPolicy {
  readonly name = 'store';
  /** Whether everything is stored at once, for the store's history, also what is written to its receiver. */
  readonly #keepsHistory: boolean;
  readonly #runtime: Runtime;
  readonly store: MessageStore;
  readonly #users: UserRegistry;
  readonly #fallback: FallbackRoute;
  readonly #notifier: OfflineNotifier;
  readonly #retry: RetryPolicy;
  readonly writer: StoreWriter;
  readonly #replays: ReplayContext;
  readonly #storing: DeadlineRing;
  readonly #retries: DeadlineRing;

  constructor(runtime: Runtime, options: StoreRouteOptions) {
    const { store, users, dispatcher, fallback, notifier, retry, storeAfterMs } = options;
    const { timers, clock } = runtime;
    this.#runtime = runtime;
    this.store = store;
    this.#users = users;
    this.#fallback = fallback;
    this.#notifier = notifier;
    this.#retry = retry;
    this.#keepsHistory = store.keepsHistory;
    this.#retries = timers.ring<Delivery>(retry.waitMs, (delivery) => this.#retryDue(delivery));
    this.#storing = timers.ring<Delivery>(storeAfterMs, (delivery) => this.#storeDue(delivery));
    this.writer = new StoreWriter(store, (error) => this.#reportFailure(error));
    const rest = timers.ring<StoreWriter>(CONFIRM_EVERY_MS, (writer) => writer.resume());
    const longRest = timers.ring<StoreWriter>(STORE_RETRY_MS, (writer) => writer.resume());
    this.writer.onRest((writer, after) => (after === 'success' ? rest : longRest).start(writer, clock.now()));
    this.#replays = {
      runtime,
      store,
      writer: this.writer,
      retries: this.#retries,
      polls: timers.ring<Replay>(STORE_RETRY_MS, (replay) => replay.poll()),
      dispatch: (delivery, user) => dispatcher.dispatch(delivery, user, clock.now()),
    };
    store.onDeadLettersDeleted((deadLetters) => reportDeleted(runtime, deadLetters));
  }

  take(delivery: Delivery, receiver: User | undefined, now: Instant, reason: UndeliveredReason): RouteAnswer {
    if (delivery.fingerprint === undefined) return reason;
    if (reason === 'store' && receiver?.queue?.addToTail(delivery) === true) {
      this.#storing.start(delivery, now);
      return 'taken';
    }
    if (receiver !== undefined) this.#persistAll(receiver);
    this.#persist(delivery);
    return 'taken';
  }

  attached(user: User, device: Device): void {
    if (user.queue !== undefined || device.inbox !== undefined) this.left(user, device);
    if (this.#isEmptyFor(user.id) && this.writer.pendingFor(user.id) === 0) return;
    const queue = new ReplayQueue(this.#replays, user, device, 'running');
    user.queue = queue;
    queue.wake();
  }

  written(delivery: Delivery, now: Instant): void {
    if (this.#keepsHistory) {
      this.#retries.start(delivery, now);
      this.#persist(delivery);
    } else this.#storing.start(delivery, now);
  }

  acknowledged(
    delivery: Delivery,
    previous: DeliveryState,
    now: Instant,
    frame: BinaryString | undefined,
  ): void {
    if (previous === 'persisted') {
      if (delivery.storeId !== undefined) this.writer.confirm(delivery.to, delivery.storeId);
      return;
    }
    if (previous === 'persisting') this.writer.received(delivery);
    // With a history the acknowledgement waits for the store, so that what was acknowledged is in it.
    if (previous !== 'persisting' || !this.#keepsHistory)
      delivery.origin.accepted(delivery, 'received', now, frame);
  }

  left(user: User, device: Device): void {
    const { queue } = user;
    user.queue = undefined;
    queue?.end();
    for (const delivery of drainInbox(this.#runtime, device)) {
      if (delivery.state === 'persisted') this.#notifier.add(delivery);
      else if (delivery.state !== 'persisting') this.#persist(delivery);
    }
    for (const delivery of queue?.takeTail() ?? []) this.#persist(delivery);
  }

  /** Stores what is under way as well, so that its senders can be acknowledged before their sessions end. */
  secure(): void {
    for (const user of this.#users.online()) {
      for (const delivery of user.primary?.inbox?.values() ?? [])
        if (delivery.state === 'pending' || delivery.state === 'rejected') this.#persist(delivery);
      this.#persistAll(user);
    }
  }

  /** Resolves when the store has answered for everything, and `onStored` was called for what waits. */
  async settled(): Promise<void> {
    await this.writer.idle();
    await this.#notifier.end();
  }

  /** The queue of a user who is online here, made where the store had nothing so far; undefined for all others. */
  queueOf(userId: string): StoredQueue | undefined {
    const user = this.#users.find(userId);
    if (user?.primary === undefined) return undefined;
    user.queue ??= new ReplayQueue(this.#replays, user, user.primary, 'caught-up');
    return user.queue;
  }

  /** Stores what is in flight, then what waits in the tail: the order there is the order in which messages came. */
  #persistAll(user: User): void {
    const inbox = user.primary?.inbox;
    if (inbox?.hasPending === true) {
      for (const delivery of inbox.values()) if (delivery.state === 'pending') this.#persist(delivery);
    }
    for (const delivery of user.queue?.takeTail() ?? []) this.#persist(delivery);
  }

  /** Stores a QoS message. While it is in flight its receiver still may acknowledge it. */
  #persist(delivery: Delivery): void {
    const { to, from, body, fingerprint } = delivery;
    if (fingerprint === undefined) {
      this.#fallback.take(delivery, 'store');
      return;
    }
    delivery.moveTo('persisting');
    const acceptedAt = this.#runtime.clock.wallTime();
    this.writer.append({ to, from, body, fingerprint, acceptedAt }, (result) => {
      if (result === undefined) this.#notPersisted(delivery, 'store');
      else if (result.outcome === 'full') {
        reportQueueFull(this.#runtime, delivery, result.limit);
        this.#notPersisted(delivery, 'queue-full');
      } else this.#persisted(delivery, result);
      const isHere = delivery.inbox !== undefined || delivery.state === 'acknowledged';
      if (isHere || result?.outcome === 'full') this.#users.find(to)?.queue?.resume();
      // What failed may have been done all the same, and only its answer was lost.
      else if (result === undefined) this.queueOf(to)?.poll();
      else this.queueOf(to)?.wake();
    });
  }

  #persisted(delivery: Delivery, result: Exclude<AppendResult, { outcome: 'full' }>): void {
    const { id, outcome } = result;
    if (outcome === 'stored' && result.displaced !== undefined)
      reportDisplaced(this.#runtime, result.displaced);
    const { metrics, events } = this.#runtime;
    if (delivery.state === 'acknowledged') {
      if (id !== undefined) this.writer.confirm(delivery.to, id);
      this.#acknowledgedMeanwhile(delivery);
      return;
    }
    const wasInFlight = delivery.inbox !== undefined;
    delivery.storeId = id;
    metrics.messagesStored += 1;
    delivery.moveTo('persisted');
    delivery.origin.accepted(delivery, 'stored', this.#runtime.clock.now());
    if (events.has('stored')) events.emit('stored', delivery.message);
    // One that was in flight and has left the inbox by now was added when its session ended.
    if (outcome === 'stored' && !wasInFlight) this.#notifier.add(delivery);
    if (delivery.inbox !== undefined && delivery.inbox.persistedBytes > MAX_STORED_IN_FLIGHT_BYTES)
      this.#leaveToReplay(delivery);
  }

  /** A message that is with its receiver may still be acknowledged; any other is undeliverable now. */
  #notPersisted(delivery: Delivery, reason: UndeliveredReason): void {
    if (delivery.state === 'acknowledged') this.#acknowledgedMeanwhile(delivery);
    else if (delivery.inbox === undefined) this.#fallback.take(delivery, reason);
    else delivery.moveTo('rejected');
  }

  #acknowledgedMeanwhile(delivery: Delivery): void {
    if (this.#keepsHistory) delivery.origin.accepted(delivery, 'received', this.#runtime.clock.now());
  }

  /** The receiver has taken too long: the message is stored, while the receiver still may acknowledge. */
  #storeDue(delivery: Delivery): void {
    if (delivery.inbox === undefined) {
      // It waits in a tail yet.
      const receiver = this.#users.find(delivery.to);
      if (receiver !== undefined) this.#persistAll(receiver);
      return;
    }
    this.#retries.start(delivery, this.#runtime.clock.now());
    if (delivery.state === 'pending') this.#persist(delivery);
  }

  /** A message that waits is written again, and offered to the store again where that has not taken it. */
  #retryDue(delivery: Delivery): void {
    const { inbox, state } = delivery;
    const session = inbox?.session;
    if (inbox === undefined || session === undefined) return;
    const hadAllCopies = delivery.attempts > this.#retry.retries;
    if (state === 'pending' || state === 'rejected') this.#persist(delivery);
    else if (state === 'persisted' && hadAllCopies && !inbox.isAmongOldest(delivery, REPLAY_WINDOW)) {
      this.#leaveToReplay(delivery);
      return;
    }
    writeAgain(this.#runtime, this.#retries, delivery, session);
  }

  /** The store has it and the receiver does not seem to take it: the replay will bring it once there is room. */
  #leaveToReplay(delivery: Delivery): void {
    withdraw(this.#runtime, delivery);
    this.#notifier.add(delivery);
    if (delivery.storeId !== undefined) this.queueOf(delivery.to)?.rewind(delivery.storeId);
  }

  /** A store that throws is read instead: the login continues whatever it does. */
  #isEmptyFor(userId: string): boolean {
    try {
      return this.store.isEmptyFor?.(userId) === true;
    } catch (error) {
      this.#reportFailure(error);
      return false;
    }
  }

  #reportFailure(error: unknown): void {
    this.#runtime.metrics.storeFailures += 1;
    this.#runtime.events.emit('error', asError(error));
  }
}
