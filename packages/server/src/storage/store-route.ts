import type { BinaryString, Instant, RetryPolicy } from '@imcore/protocol';
import { bytesOf } from '../delivery/bytes-under-way.js';
import type { Delivery, DeliveryState } from '../delivery/delivery.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { FallbackRoute } from '../delivery/fallback-route.js';
import { drainInbox, type InFlightPolicy, withdraw, writeAgain } from '../delivery/in-flight-policy.js';
import { reportDeleted, reportDisplaced, reportQueueFull } from '../delivery/reports.js';
import { asError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { AppendResult, Entry, MessageStore, StoredMessage } from '../ports/message-store.js';
import type { Route, RouteAnswer, RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import type { Ticks } from '../ticks.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import type { Device, StoredQueue, User } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import { echoOf, entryOf, toFeeds } from './appended-entries.js';
import type { OfflineNotifier } from './offline-notifier.js';
import { REPLAY_WINDOW, type Replay } from './replay.js';
import { type ReplayContext, ReplayQueue } from './replay-queue.js';
import { RetryRings } from './retry-rings.js';
import { SessionEndNotices } from './session-end-notices.js';
import { StoreWriter } from './store-writer.js';

/** Minimum time between two confirmations to the store, in milliseconds: each may write to the disk. */
const CONFIRM_EVERY_MS = 25;

/** Wait before a call of the store that failed is retried, in milliseconds. */
const STORE_RETRY_MS = 1000;

/**
 * How long new messages wait for a store that does not answer, in milliseconds: less than every client's first
 * retransmission.
 */
const MAX_STORE_WAIT_MS = 2000;

/** The collaborators and options of a {@link StoreRoute}. */
interface StoreRouteOptions {
  readonly store: MessageStore;
  readonly users: UserRegistry;
  readonly dispatcher: Dispatcher;
  readonly fallback: FallbackRoute;
  readonly notifier: OfflineNotifier;
  readonly retry: RetryPolicy;
  /** How long a message waits for its receiver before it is stored, in milliseconds. */
  readonly storeAfterMs: number;
  readonly ticks: Ticks;
  /** A user with named devices has a session of a v6 client. Called repeatedly. */
  readonly v6LoggedIn: (user: User) => void;
  /**
   * Called after each append for a user, whatever its result: the message may be in the store. `entry`: what was appended, if
   * that is known.
   */
  readonly onAppended?: ((userId: string, entry: Entry | undefined) => void) | undefined;
}

/**
 * Stores messages, and replays them to users who come online.
 *
 * A message in flight is stored as well if its receiver does not acknowledge it within `storeAfterMs`; at once if the store
 * keeps a history. From then on it is retransmitted until it is acknowledged.
 */
export class StoreRoute implements Route, RouteQueues, InFlightPolicy {
  readonly name = 'store';
  /** Whether every QoS message is stored at once, for the store's history, even if its receiver is online. */
  readonly #keepsHistory: boolean;
  readonly #runtime: Runtime;
  readonly store: MessageStore;
  readonly #users: UserRegistry;
  readonly #fallback: FallbackRoute;
  readonly #notifier: OfflineNotifier;
  readonly #sessionEnds: SessionEndNotices;
  readonly writer: StoreWriter;
  readonly #replays: ReplayContext;
  readonly #storing: DeadlineRing;
  readonly #retries: RetryRings;
  readonly #onAppended: StoreRouteOptions['onAppended'];

  constructor(runtime: Runtime, options: StoreRouteOptions) {
    const { store, users, dispatcher, fallback, notifier, retry, storeAfterMs } = options;
    const { timers, clock } = runtime;
    this.#runtime = runtime;
    this.store = store;
    this.#users = users;
    this.#fallback = fallback;
    this.#notifier = notifier;
    this.#sessionEnds = new SessionEndNotices(runtime, store, (entry) => notifier.addLate(entry));
    this.#keepsHistory = store.keepsHistory;
    this.#onAppended = options.onAppended;
    this.#retries = new RetryRings(timers, retry, (delivery) => this.#retryDue(delivery));
    this.#storing = timers.ring<Delivery>(storeAfterMs, (delivery) => this.#storeDue(delivery));
    this.writer = new StoreWriter(store, (error) => this.#reportFailure(error));
    const rest = timers.ring<StoreWriter>(CONFIRM_EVERY_MS, (writer) => writer.resume());
    const longRest = timers.ring<StoreWriter>(STORE_RETRY_MS, (writer) => writer.resume());
    this.writer.onRest((writer, after) => (after === 'success' ? rest : longRest).start(writer, clock.now()));
    this.#replays = {
      runtime,
      store,
      ...{ writer: this.writer, ticks: options.ticks, v6LoggedIn: options.v6LoggedIn },
      retries: this.#retries.first,
      polls: timers.ring<Replay>(STORE_RETRY_MS, (replay) => replay.poll()),
      waits: timers.ring<ReplayQueue>(MAX_STORE_WAIT_MS, ({ replay }) => replay.giveWay()),
      dispatch: (delivery, user) => dispatcher.dispatch(delivery, user, clock.now()),
    };
    store.onDeadLettersDeleted((deadLetters) => reportDeleted(runtime, deadLetters));
  }

  take(delivery: Delivery, receiver: User | undefined, now: Instant, reason: UndeliveredReason): RouteAnswer {
    if (delivery.fingerprint === undefined) return reason;
    if (
      reason === 'store' &&
      !isLogged(delivery, receiver) &&
      receiver?.queue?.addToTail(delivery) === true
    ) {
      this.#storing.start(delivery, now);
      return 'taken';
    }
    if (receiver !== undefined) this.#persistAll(receiver);
    this.#persist(delivery);
    // Its sender's next message may not go through logs: it waits until this one is stored and written.
    if (reason === 'store' && delivery.origin.isLogUnknown === true) this.queueOf(delivery.to)?.wake();
    return 'taken';
  }

  attached(user: User, device: Device): void {
    if (user.queue !== undefined || device.inbox !== undefined) this.left(user, device);
    if (this.store.isEmptyFor?.(user.id) === true && this.writer.pendingFor(user.id) === 0) {
      user.usesLog ??= false;
      return;
    }
    const queue = new ReplayQueue(this.#replays, user, device, 'running');
    user.queue = queue;
    queue.wake();
  }

  written(delivery: Delivery, now: Instant): void {
    if (this.#keepsHistory) {
      this.#retries.first.start(delivery, now);
      this.#persist(delivery);
    } else this.#storing.start(delivery, now);
  }

  acknowledged(
    delivery: Delivery,
    previous: DeliveryState,
    now: Instant,
    frame: BinaryString | undefined,
  ): void {
    const { to, position } = delivery;
    if (position !== undefined) {
      this.writer.confirm(to, position);
      this.#users.find(to)?.v6DeviceHas(position);
    }
    if (previous === 'persisted') {
      if (this.#retries.hadAllCopies(delivery)) this.#retryOthers(to, now);
      return;
    }
    if (previous === 'rejected' && position === undefined) this.#mayBeStored(to);
    if (previous === 'persisting') this.writer.received(delivery);
    // The sender is acknowledged now, but the writer keeps the message until the store has answered.
    if (previous === 'persisting' && !this.#keepsHistory)
      this.#runtime.underWay.addOfReceiver(bytesOf(delivery.body));
    // With a history the sender is acknowledged after the store has answered, so that every acknowledged message is in it.
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

  wentOffline(user: User): void {
    this.#sessionEnds.add(user.id, user.takeUnnotified());
  }

  /** Stores what is in flight, so that its senders can be acknowledged before their sessions end. */
  secure(): void {
    for (const user of this.#users.online()) {
      for (const delivery of user.primary?.inbox?.values() ?? [])
        if (delivery.state === 'pending' || delivery.state === 'rejected') this.#persist(delivery);
      this.#persistAll(user);
    }
  }

  /** Resolves when the store has answered everything, and `onStored` was called for what waits. */
  async settled(): Promise<void> {
    await this.writer.idle();
    await this.#sessionEnds.end();
    await this.#notifier.end();
  }

  /** Returns the queue of a user who is online here; creates it if there is none. Undefined for all other users. */
  queueOf(userId: string): StoredQueue | undefined {
    const user = this.#users.find(userId);
    if (user?.primary === undefined) return undefined;
    user.queue ??= new ReplayQueue(this.#replays, user, user.primary, 'caught-up');
    return user.queue;
  }

  /** Stores what is in flight, then the tail queue: the order in the store is the order in which messages came. */
  #persistAll(user: User): void {
    const inbox = user.primary?.inbox;
    if (inbox?.hasPending === true) {
      for (const delivery of inbox.values()) if (delivery.state === 'pending') this.#persist(delivery);
    }
    for (const delivery of user.queue?.takeTail() ?? []) this.#persist(delivery);
  }

  /** Stores a QoS message. If it is in flight, its receiver can still acknowledge it. */
  #persist(delivery: Delivery): void {
    const { to, from, body, fingerprint } = delivery;
    if (fingerprint === undefined) {
      this.#fallback.take(delivery, 'store');
      return;
    }
    delivery.moveTo('persisting');
    const acceptedAt = this.#runtime.clock.wallTime();
    const hasEcho = delivery.origin.usesLog === true && from !== to;
    const message = { to, from, body, fingerprint, acceptedAt, ...(hasEcho ? { echo: true as const } : {}) };
    this.writer.append(
      message,
      (result) => this.#appended(delivery, message, result),
      (result) => this.#appendedLate(delivery, message, result),
    );
  }

  #appended(delivery: Delivery, message: StoredMessage, result: AppendResult | undefined): void {
    const { to } = delivery;
    if (result === undefined) this.#notPersisted(delivery, 'store');
    else if (result.outcome === 'full')
      this.#notPersisted(delivery, reportQueueFull(this.#runtime, delivery, result.limit));
    else this.#persisted(delivery, message, result);
    const needsNoReplay = delivery.inbox !== undefined || delivery.state === 'acknowledged';
    const entry = entryOf(message, result);
    // While it is in flight it is stored again, or acknowledged: see `acknowledged`.
    if (result === undefined && delivery.inbox === undefined) this.#mayBeStored(to);
    else if (needsNoReplay || result?.outcome === 'full') this.#users.find(to)?.queue?.resume();
    else if (entry === undefined) this.queueOf(to)?.wake();
    else this.queueOf(to)?.push(entry);
    if (result?.outcome !== 'full')
      toFeeds(this.#users, to, entry, to === message.from ? delivery.origin : undefined);
    this.#onAppended?.(to, entry);
    if (message.echo !== true) return;
    const echo = echoOf(message, result);
    toFeeds(this.#users, message.from, echo, delivery.origin);
    if (echo !== undefined) this.#users.find(message.from)?.queue?.skip(echo.position);
    this.#onAppended?.(message.from, echo);
  }

  /**
   * Another server has appended an entry to a user's log; undefined: one that is not known. `taken`: it needs no read of the log for
   * the v6 device; `none`: that has no session here.
   */
  entryElsewhere(userId: string, entry: Entry | undefined): 'taken' | 'old' | 'read' | 'none' {
    toFeeds(this.#users, userId, entry, undefined);
    const queue = this.queueOf(userId);
    if (queue === undefined) return 'none';
    if (entry?.kind === 'message') return queue.push(entry);
    if (entry !== undefined) {
      queue.skip(entry.position);
      return 'old';
    }
    queue.wake();
    return 'read';
  }

  /** The store may have got entries for a user. */
  wakeFeeds(userId: string): void {
    toFeeds(this.#users, userId, undefined, undefined);
  }

  /** The store has stored a message after its append was given up. Its next copy is a duplicate for the store. */
  #appendedLate(delivery: Delivery, message: StoredMessage, result: AppendResult): void {
    if (result.outcome === 'full') return;
    toFeeds(this.#users, delivery.to, undefined, undefined);
    if (message.echo === true) toFeeds(this.#users, delivery.from, undefined, undefined);
    this.#onAppended?.(delivery.to, undefined);
    if (delivery.state === 'rejected') {
      // It is still in flight: the store must get to know its acknowledgement.
      delivery.moveTo('persisting');
      this.#persisted(delivery, message, result);
      return;
    }
    if (result.outcome === 'stored' && result.displaced !== undefined)
      reportDisplaced(this.#runtime, result.displaced);
    if (delivery.state === 'acknowledged') {
      if (result.position !== undefined) this.writer.confirm(delivery.to, result.position);
    } else if (delivery.inbox === undefined) {
      delivery.position = result.position;
      if (result.outcome === 'stored') this.#notifier.add(delivery);
      this.queueOf(delivery.to)?.poll();
    }
  }

  #persisted(
    delivery: Delivery,
    { from, to, acceptedAt }: StoredMessage,
    result: Exclude<AppendResult, { outcome: 'full' }>,
  ): void {
    const { id, position, outcome } = result;
    // A message to oneself has one entry.
    const echo = from === to ? position : result.echo;
    if (echo !== undefined) delivery.stored = { id, echo, acceptedAt };
    if (outcome === 'stored' && result.displaced !== undefined)
      reportDisplaced(this.#runtime, result.displaced);
    const { metrics, events } = this.#runtime;
    if (delivery.state === 'acknowledged') {
      if (position !== undefined) this.writer.confirm(delivery.to, position);
      this.#acknowledgedMeanwhile(delivery);
      return;
    }
    const wasInFlight = delivery.inbox !== undefined;
    if (wasInFlight && position !== undefined) this.#users.find(delivery.to)?.queue?.skip(position);
    delivery.position = position;
    metrics.messagesStored += 1;
    delivery.moveTo('persisted');
    delivery.origin.accepted(delivery, 'stored', this.#runtime.clock.now());
    if (events.has('stored')) events.emit('stored', delivery.message);
    // One that was in flight and has left the inbox by now was added when its session ended.
    if (outcome === 'stored' && !wasInFlight) this.#notify(delivery);
    if (delivery.inbox?.hasTooMuchStored === true) this.#leaveToReplay(delivery);
  }

  /** Calls `onStored` for a message that is not in flight; if sessions of its receiver get it from the log, not before they end. */
  #notify(delivery: Delivery): void {
    const { from, to, position } = delivery;
    const user = this.#users.find(to);
    const getsFromLog = user?.isOnline === true && (user.feedSessions > 0 || user.usesLog === true);
    if (!getsFromLog || position === undefined) this.#notifier.add(delivery);
    // What a user wrote to itself is known to the device that sent it.
    else if (from !== to && !user.leaveToSessions(position)) this.#sessionEnds.reportForgotten(to);
  }

  /** The store did not accept a message. In flight, it can still be acknowledged; otherwise it is undeliverable. */
  #notPersisted(delivery: Delivery, reason: UndeliveredReason): void {
    if (delivery.state === 'acknowledged') this.#acknowledgedMeanwhile(delivery);
    else if (delivery.inbox === undefined) this.#fallback.take(delivery, reason);
    else delivery.moveTo('rejected');
  }

  /**
   * An append for a user has failed, but may have succeeded in the store, with only its answer lost. Such an entry is written to the
   * session, which knows the copy if it has the message, and acknowledges it.
   */
  #mayBeStored(userId: string): void {
    this.queueOf(userId)?.poll();
  }

  /** The receiver acknowledged before the store answered. */
  #acknowledgedMeanwhile(delivery: Delivery): void {
    if (this.#keepsHistory) delivery.origin.accepted(delivery, 'received', this.#runtime.clock.now());
    else this.#runtime.underWay.addOfReceiver(-bytesOf(delivery.body));
  }

  /** `storeAfterMs` has passed: the message is stored. If it is in flight, the receiver can still acknowledge it. */
  #storeDue(delivery: Delivery): void {
    if (delivery.inbox === undefined) {
      // It is still in a tail queue.
      const receiver = this.#users.find(delivery.to);
      // It waits for the store in any case, and the tail queue does so for a limited time.
      if (receiver?.queue?.awaitsStore === true) this.#storing.start(delivery, this.#runtime.clock.now());
      else if (receiver !== undefined) this.#persistAll(receiver);
      return;
    }
    this.#retries.first.start(delivery, this.#runtime.clock.now());
    if (delivery.state === 'pending') this.#persist(delivery);
  }

  /** Retransmits a message in flight, and stores it if the store has not accepted it. */
  #retryDue(delivery: Delivery): void {
    const { inbox, state } = delivery;
    const session = inbox?.session;
    if (inbox === undefined || session === undefined) return;
    const hadAllCopies = this.#retries.hadAllCopies(delivery);
    if (state === 'pending' || state === 'rejected') this.#persist(delivery);
    else if (state === 'persisted' && hadAllCopies && !inbox.isAmongOldest(delivery, REPLAY_WINDOW)) {
      this.#leaveToReplay(delivery);
      return;
    }
    const ring = state === 'persisted' ? this.#retries.ringFor(delivery) : this.#retries.first;
    writeAgain(this.#runtime, ring, delivery, session);
  }

  /** A receiver that was silent acknowledges again: its other messages need not wait as long as they would have to. */
  #retryOthers(userId: string, now: Instant): void {
    for (const delivery of this.#users.find(userId)?.primary?.inbox?.values() ?? [])
      if (this.#retries.hadAllCopies(delivery)) this.#retries.first.start(delivery, now);
  }

  /** Removes a stored message from memory, because its receiver does not acknowledge. It is replayed later. */
  #leaveToReplay(delivery: Delivery): void {
    withdraw(this.#runtime, delivery);
    this.#notifier.add(delivery);
    if (delivery.position !== undefined) this.queueOf(delivery.to)?.rewind(delivery.position);
  }

  #reportFailure(error: unknown): void {
    this.#runtime.metrics.storeFailures += 1;
    this.#runtime.events.emit('error', asError(error));
  }
}

/** Whether a message goes through logs: it does not wait in memory. */
function isLogged({ origin }: Delivery, receiver: User | undefined): boolean {
  return origin.usesLog === true || receiver?.usesLog === true;
}
