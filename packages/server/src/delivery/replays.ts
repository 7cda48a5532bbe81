import { decodeFrameBody, type Packet } from '@imcore/protocol';
import { asError, StoreError } from '../errors.js';
import type { MessageStore, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { DeadlineRing } from '../scheduling/deadline-queue.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { User } from '../sessions/user.js';
import type { CourierParts } from './courier-parts.js';
import { Delivery } from './delivery.js';
import { Replay, type ReplayTarget } from './replay.js';
import { replayOrigin } from './replay-origin.js';
import type { StoreWriter } from './store-writer.js';
import { tellTooLarge } from './too-large.js';

/** How long a store that failed is left alone before the next try. */
export const STORE_RETRY_MS = 1000;

/**
 * Gives each user who comes online what the store holds for them, one {@link Replay} a session: from the beginning where
 * something may wait, otherwise only once something does.
 */
export class Replays {
  readonly #parts: CourierParts;
  readonly #store: MessageStore;
  readonly #writer: StoreWriter;
  readonly #retrying: DeadlineRing;
  readonly #rereading: DeadlineRing;
  /** Everything that was stored for a user is with the session. */
  readonly caughtUp: (user: User) => void;

  /** What is written waits in `retrying` for its acknowledgement. */
  constructor(
    parts: CourierParts,
    store: MessageStore,
    writer: StoreWriter,
    retrying: DeadlineRing,
    caughtUp: (user: User) => void,
  ) {
    this.#parts = parts;
    this.#store = store;
    this.#writer = writer;
    this.#retrying = retrying;
    this.caughtUp = caughtUp;
    this.#rereading = parts.deadlines.ring<Replay>(STORE_RETRY_MS, (replay) => replay.look());
  }

  begin(user: User, session: LiveSession): void {
    if (this.#isEmptyFor(user) && this.pendingFor(user) === 0) return;
    const replay = new Replay(this.#store, user.id, new Target(this, user, session), 'running');
    user.mailbox.replay = replay;
    replay.wake();
  }

  /** The replay of a user who is online here, made where there was nothing to bring so far; undefined for all others. */
  of(userId: string): Replay | undefined {
    const user = this.#parts.directory.find(userId);
    const session = user?.mailbox.session;
    if (user === undefined || session === undefined) return undefined;
    user.mailbox.replay ??= new Replay(this.#store, userId, new Target(this, user, session), 'caught-up');
    return user.mailbox.replay;
  }

  /** There is room for a user's replay, where one was made. */
  goOn(userId: string): void {
    this.#parts.directory.find(userId)?.mailbox.replay?.goOn();
  }

  end({ mailbox }: User): void {
    const { replay } = mailbox;
    if (replay === undefined) return;
    mailbox.replay = undefined;
    this.#rereading.stop(replay);
    replay.end();
  }

  /** Writes a message to the session. Returns false when the session cannot take it. */
  write(message: WaitingMessage, user: User, session: LiveSession): boolean {
    if (this.#writer.isConfirming(user.id, message.id) || this.#writer.wasReceived(message)) return true;
    const packet = this.#read(message);
    if (packet === undefined) return false;
    const { metrics, clock } = this.#parts;
    const delivery = new Delivery(packet, message.body, message.from, message.to, replayOrigin);
    if (message.body.length > session.maxSendBytes) {
      tellTooLarge(this.#parts, delivery, session);
      return false;
    }
    delivery.custody = 'stored';
    delivery.storeId = message.id;
    if (!user.mailbox.add(message.fingerprint, delivery)) {
      user.mailbox.isStoredAs(message.id, message.fingerprint, message.from);
      return true;
    }
    metrics.messagesInFlight += 1;
    metrics.messagesReplayed += 1;
    delivery.attempts = 1;
    this.#retrying.start(delivery, clock.now());
    session.send(delivery.body);
    return true;
  }

  /** Appends for a user that the store has not answered for. */
  pendingFor(user: User): number {
    return this.#writer.pendingFor(user.id);
  }

  /** Messages that a user has and the store may not know of. */
  confirmingFor(user: User): ReadonlySet<StoreId> {
    return this.#writer.confirmingFor(user.id);
  }

  /** The store could not be read for a user: it is asked again later. */
  failedFor({ mailbox }: User, error: unknown): void {
    this.#failed(error);
    if (mailbox.replay !== undefined) this.#rereading.start(mailbox.replay, this.#parts.clock.now());
  }

  /** A store that fails to tell is looked into: the login goes on whatever it does. */
  #isEmptyFor({ id }: User): boolean {
    try {
      return this.#store.isEmptyFor?.(id) === true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** What cannot be read, as a damaged store may give it, is left where it is. */
  #read(message: WaitingMessage): Packet | undefined {
    try {
      return decodeFrameBody(message.body);
    } catch (cause) {
      const text = `message ${message.id} of user ${message.to} cannot be read`;
      this.#failed(new StoreError('ERR_STORE_FAILED', text, { cause }));
      return undefined;
    }
  }

  #failed(error: unknown): void {
    this.#parts.metrics.storeFailures += 1;
    this.#parts.events.emit('error', asError(error));
  }
}

/** One session's replay, as it sees its surroundings: an object without closures, as each session has one. */
class Target implements ReplayTarget {
  readonly #replays: Replays;
  readonly #user: User;
  readonly #session: LiveSession;

  constructor(replays: Replays, user: User, session: LiveSession) {
    this.#replays = replays;
    this.#user = user;
    this.#session = session;
  }

  write(message: WaitingMessage): boolean {
    return this.#replays.write(message, this.#user, this.#session);
  }

  underWay(): number {
    return this.#user.mailbox.unacknowledged;
  }

  pendingAppends(): number {
    return this.#replays.pendingFor(this.#user);
  }

  confirming(): ReadonlySet<StoreId> {
    return this.#replays.confirmingFor(this.#user);
  }

  failed(error: unknown): void {
    this.#replays.failedFor(this.#user, error);
  }

  caughtUp(): void {
    this.#replays.caughtUp(this.#user);
  }
}
