import { decodeFrameBody, type Packet } from '@imcore/protocol';
import { StoreError } from '../errors.js';
import type { MessageStore, WaitingMessage } from '../ports/message-store.js';
import type { DeadlineRing } from '../scheduling/deadline-queue.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { User } from '../sessions/user.js';
import type { CourierParts } from './courier-parts.js';
import { Delivery } from './delivery.js';
import { Replay } from './replay.js';
import { replayOrigin } from './replay-origin.js';
import type { StoreWriter } from './store-writer.js';
import { tellTooLarge } from './too-large.js';

/** How long a store that failed is left alone before the next try. */
export const STORE_RETRY_MS = 1000;

/** Gives each user who comes online what the store holds for them, one {@link Replay} a session. */
export class Replays {
  readonly #parts: CourierParts;
  readonly #store: MessageStore;
  readonly #writer: StoreWriter;
  readonly #retrying: DeadlineRing;
  readonly #rereading: DeadlineRing;

  /** What is written waits in `retrying` for its acknowledgement. */
  constructor(parts: CourierParts, store: MessageStore, writer: StoreWriter, retrying: DeadlineRing) {
    this.#parts = parts;
    this.#store = store;
    this.#writer = writer;
    this.#retrying = retrying;
    this.#rereading = parts.deadlines.ring<Replay>(STORE_RETRY_MS, (replay) => replay.wake());
  }

  begin(user: User, session: LiveSession): void {
    const { mailbox } = user;
    const replay = new Replay(this.#store, user.id, {
      write: (message) => this.#write(message, user, session),
      underWay: () => mailbox.unacknowledged,
      pendingAppends: () => this.#writer.pendingFor(user.id),
      failed: (error) => {
        this.#failed(error instanceof Error ? error : new Error(String(error)));
        this.#rereading.start(replay, this.#parts.clock.now());
      },
    });
    mailbox.replay = replay;
    replay.wake();
  }

  end({ mailbox }: User): void {
    const { replay } = mailbox;
    if (replay === undefined) return;
    mailbox.replay = undefined;
    this.#rereading.stop(replay);
    replay.end();
  }

  #write(message: WaitingMessage, user: User, session: LiveSession): boolean {
    if (this.#writer.isConfirming(user.id, message.id)) return true;
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

  #failed(error: Error): void {
    this.#parts.metrics.storeFailures += 1;
    this.#parts.events.emit('error', error);
  }
}
