import { decodeFrameBody, type Instant, type Packet } from '@imcore/protocol';
import { bytesOf } from '../delivery/bytes-under-way.js';
import { Delivery } from '../delivery/delivery.js';
import { storedOrigin } from '../delivery/origins.js';
import { reportTooLarge } from '../delivery/reports.js';
import { asError, StoreError } from '../errors.js';
import type { Entry, MessageStore, Position } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { Ticks } from '../ticks.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { Device, StoredQueue, User } from '../users/user.js';
import { REPLAY_WINDOW, Replay, type ReplayTarget } from './replay.js';
import type { StoreWriter } from './store-writer.js';

/** Maximum number of messages in a tail queue. */
const MAX_TAIL = 256;

const EMPTY: readonly Delivery[] = [];

/** What all replay queues of one server share. */
export interface ReplayContext {
  readonly runtime: Runtime;
  readonly store: MessageStore;
  readonly writer: StoreWriter;
  /** Deadlines of messages that wait for an acknowledgement. */
  readonly retries: DeadlineRing;
  /** Deadlines of replays whose store could not be read. */
  readonly polls: DeadlineRing;
  /** Deadlines of replays for which new messages wait, because the store has not answered. */
  readonly waits: DeadlineRing;
  readonly ticks: Ticks;
  /** A user with named devices has a session of a v6 client. Called repeatedly. */
  readonly v6LoggedIn: (user: User) => void;
  /** Routes a message again when all older messages are written. */
  readonly dispatch: (delivery: Delivery, user: User) => void;
}

/**
 * The replay of a user's log to one session, and the messages that arrive during it.
 *
 * New messages are stored while older ones are being written. While only the store's answer is missing, they wait in the tail
 * queue in memory, for a limited time.
 */
export class ReplayQueue implements StoredQueue, ReplayTarget, RingEntry {
  readonly replay: Replay;
  readonly #context: ReplayContext;
  readonly #user: User;
  readonly #device: Device;
  #tail: Delivery[] | undefined = undefined;
  readAt = 0;
  #readBegan = 0;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(context: ReplayContext, user: User, device: Device, state: 'running' | 'caught-up') {
    this.#context = context;
    this.#user = user;
    this.#device = device;
    this.replay = new Replay(context.store, user.id, this, state);
  }

  get isBehind(): boolean {
    return !this.replay.isCaughtUp;
  }

  get position(): Position {
    return this.replay.position;
  }

  get awaitsStore(): boolean {
    return this.replay.awaitsStore;
  }

  addToTail(delivery: Delivery): boolean {
    const tail = this.#tail ?? [];
    if (!this.replay.awaitsStore || tail.length >= MAX_TAIL) return false;
    tail.push(delivery);
    this.#tail = tail;
    return true;
  }

  takeTail(): readonly Delivery[] {
    this.replay.fallBehind();
    return this.#clearTail();
  }

  wake(): void {
    this.replay.wake();
  }

  poll(): void {
    this.replay.poll();
  }

  push(entry: Entry): 'taken' | 'old' | 'read' {
    return this.replay.push(entry);
  }

  skip(position: Position): void {
    this.replay.skip(position);
  }

  resume(): void {
    this.replay.resume();
  }

  rewind(position: Position): void {
    this.replay.rewind(position);
  }

  end(): void {
    this.#context.polls.stop(this.replay);
    this.#context.waits.stop(this);
    this.replay.end();
  }

  write(entry: Entry): boolean {
    const { writer, runtime, retries } = this.#context;
    if (writer.isConfirming(this.#user.id, entry.position)) return true;
    if (writer.wasReceived(entry)) {
      // Not left to the answer of its append, which may be lost.
      writer.confirm(this.#user.id, entry.position);
      return true;
    }
    const { session } = this.#device;
    const packet = this.#read(entry);
    if (packet === undefined || session === undefined) return true;
    const delivery = new Delivery(
      packet,
      entry.body,
      entry.from,
      entry.to,
      storedOrigin,
      runtime.reportBug,
      'persisted',
    );
    if (entry.body.length > session.maxSendBytes) {
      reportTooLarge(runtime, delivery, session);
      return true;
    }
    delivery.position = entry.position;
    const inbox = this.#device.openInbox();
    if (!inbox.add(entry.fingerprint, delivery)) {
      return inbox.isStoredAs(entry);
    }
    runtime.metrics.messagesInFlight += 1;
    runtime.metrics.messagesReplayed += 1;
    delivery.attempts = 1;
    retries.start(delivery, runtime.clock.now());
    session.write(delivery.body);
    return true;
  }

  /** A session that has acknowledged everything always gets the next message, however long it is. */
  hasRoomFor({ body }: Entry): boolean {
    const { inbox } = this.#device;
    if (inbox === undefined || inbox.size === 0) return true;
    const { freeForReceiver } = this.#context.runtime.underWay;
    return inbox.size < REPLAY_WINDOW && inbox.persistedBytes + bytesOf(body) <= freeForReceiver;
  }

  maxPage(): number {
    return this.#context.runtime.underWay.maxPage;
  }

  keeps(bytes: number): void {
    this.#context.runtime.underWay.addOfReceiver(bytes);
  }

  pendingAppends(): number {
    return this.#context.writer.pendingFor(this.#user.id);
  }

  confirming(): ReadonlySet<Position> {
    return this.#context.writer.confirmingFor(this.#user.id);
  }

  /** The store could not be read: the replay polls it again later. */
  failed(error: unknown): void {
    this.#reportFailure(error);
    this.#context.polls.start(this.replay, this.#context.runtime.clock.now());
  }

  waits(): void {
    if (this.ring === undefined) this.#context.waits.start(this, this.#context.runtime.clock.now());
  }

  reads(): void {
    this.#readBegan = this.#context.ticks.next();
  }

  answered(isEnd: boolean, hasNamedDevice: boolean): void {
    this.#context.waits.stop(this);
    if (this.#user.usesLog !== true) this.#user.usesLog = hasNamedDevice;
    if (hasNamedDevice) this.#context.v6LoggedIn(this.#user);
    if (isEnd) this.readAt = this.#readBegan;
  }

  caughtUp(): void {
    this.#context.waits.stop(this);
    for (const delivery of this.#clearTail()) this.#context.dispatch(delivery, this.#user);
  }

  gaveWay(): void {
    const { runtime, waits } = this.#context;
    this.#user.usesLog ??= false;
    // What other servers have stored may be overtaken as well.
    this.readAt = this.#context.ticks.next();
    runtime.metrics.replaysDelayed += 1;
    runtime.events.emit('replayDelayed', { userId: this.#user.id, waitedMs: waits.waitMs });
    this.caughtUp();
  }

  #clearTail(): readonly Delivery[] {
    const tail = this.#tail ?? EMPTY;
    this.#tail = undefined;
    for (const delivery of tail) delivery.ring?.stop(delivery);
    return tail;
  }

  /** Decodes a stored message. A message that cannot be decoded, as in a damaged store, is reported and stays there. */
  #read({ body, position, to }: Entry): Packet | undefined {
    try {
      return decodeFrameBody(body);
    } catch (cause) {
      const text = `the message at position ${position} of user ${to} cannot be read`;
      this.#reportFailure(new StoreError('ERR_STORE_FAILED', text, { cause }));
      return undefined;
    }
  }

  #reportFailure(error: unknown): void {
    const { metrics, events } = this.#context.runtime;
    metrics.storeFailures += 1;
    events.emit('error', asError(error));
  }
}
