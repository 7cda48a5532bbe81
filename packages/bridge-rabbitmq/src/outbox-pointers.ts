import { decodeFrameBody } from '@imcore/protocol';
import {
  type RouteHost,
  type RouteQueues,
  type StoredMessage,
  type StoreId,
  toMessage,
  type WaitingMessage,
} from '@imcore/server/ports';
import type { BrokerMessage } from './broker.js';

/** Publishes a packet. Resolves with why the broker has not got it, or undefined where it has. */
export type Publish = (message: BrokerMessage) => Promise<Error | undefined>;

/** The receiver of pointers in the store. No user can have this ID. */
const POINTERS = '-1';

/** Pointers that are read at once: few, as nothing else runs while a page is handled. */
const PAGE = 64;

/**
 * Pages that may be with the broker at a time. One after the other would take as long as each confirmation does, and the
 * outbox might never catch up.
 */
const PAGES_UNDER_WAY = 32;

/** How working off ended: `busy` where the broker has a copy of a message already, and its answer is to come. */
export type PointerOutcome = 'done' | 'failed' | 'busy';

/**
 * The pointers of the bridge outbox: records in the store which say that a message in a user's queue belongs to the
 * bridge. Sender is the queue's user, body the message's ID in that queue.
 */
export class OutboxPointers {
  readonly #host: RouteHost;
  readonly #queues: RouteQueues;
  readonly #writer: RouteQueues['writer'];
  readonly #store: RouteQueues['store'];
  readonly #publish: Publish;

  constructor(host: RouteHost, queues: RouteQueues, publish: Publish) {
    this.#host = host;
    this.#queues = queues;
    this.#writer = queues.writer;
    this.#store = queues.store;
    this.#publish = publish;
  }

  /** The pointer to a message that is stored under this ID. */
  pointerTo({ to, from, fingerprint, acceptedAt }: StoredMessage, id: StoreId): StoredMessage {
    const key = `${id} ${from} ${fingerprint}`;
    return { to: POINTERS, from: to, fingerprint: key, body: String(id), acceptedAt, ignoresLimits: true };
  }

  /** Whether there are pointers. @throws StoreError */
  async hasAny(): Promise<boolean> {
    return (await this.#store.take(POINTERS, undefined, 1)).length > 0;
  }

  /** The broker, or the receiver, has a message: the store forgets its pointer. */
  confirm(pointer: StoreId): void {
    this.#writer.confirm(POINTERS, pointer);
  }

  /** The broker has not got a message: a receiver who has come online here meanwhile gets it. */
  giveBack(userId: string, id: StoreId): void {
    this.#writer.release(userId, id);
    const queue = this.#queues.queueOf(userId);
    queue?.rewind(id);
    queue?.resume();
  }

  /**
   * Publishes the messages that there are pointers to, oldest first, and takes both out of the store. Resolves with `done`
   * when no pointer is left.
   *
   * @throws StoreError when pointers or messages cannot be read
   */
  async workOff(mayContinue: () => boolean): Promise<PointerOutcome> {
    const underWay: Promise<PointerOutcome>[] = [];
    try {
      for (let after: StoreId | undefined; mayContinue(); ) {
        const page = await this.#store.take(POINTERS, after, PAGE);
        if (page.length === 0) return worstOf(await Promise.all(underWay));
        after = page.at(-1)?.id;
        const outcomes = await this.#publishPage(page);
        underWay.push(Promise.all(outcomes).then(worstOf));
        if (outcomes.includes('busy')) break;
        const oldest = underWay.length < PAGES_UNDER_WAY ? 'done' : await underWay.shift();
        if (oldest === 'failed') return 'failed';
      }
      return worstOf(['busy', ...(await Promise.all(underWay))]);
    } finally {
      await Promise.allSettled(underWay);
    }
  }

  /** Publishes a page, up to a message that the broker has already. The outcomes come later. */
  async #publishPage(
    page: readonly WaitingMessage[],
  ): Promise<readonly (PointerOutcome | Promise<PointerOutcome>)[]> {
    const pointers = page.filter(({ id }) => !this.#writer.isConfirming(POINTERS, id));
    const messages = await Promise.all(pointers.map((pointer) => this.#messageOf(pointer)));
    const outcomes: (PointerOutcome | Promise<PointerOutcome>)[] = [];
    for (const [index, pointer] of pointers.entries()) {
      const message = messages[index];
      if (message !== undefined && this.#writer.isHeld(message.to, message.id)) {
        outcomes.push('busy');
        break;
      }
      // A receiver who is online has the message from the queue, or will have.
      if (message === undefined || this.#host.isOnline(message.to)) {
        this.confirm(pointer.id);
        outcomes.push('done');
      } else outcomes.push(this.#publishOne(pointer.id, message));
    }
    return outcomes;
  }

  async #publishOne(pointer: StoreId, { to, id, body, from }: WaitingMessage): Promise<PointerOutcome> {
    this.#writer.hold(to, id);
    if ((await this.#publish({ body, isRepeatable: true, mayWait: false })) !== undefined) {
      this.giveBack(to, id);
      return 'failed';
    }
    this.#writer.confirm(to, id);
    this.confirm(pointer);
    this.#writer.release(to, id);
    const { events } = this.#host.runtime;
    if (events.has('bridged')) events.emit('bridged', toMessage(decodeFrameBody(body), from));
    return 'done';
  }

  /** The message that a pointer names; undefined when its receiver has it already. */
  async #messageOf(pointer: WaitingMessage): Promise<WaitingMessage | undefined> {
    const id = Number(pointer.body);
    const { from: userId } = pointer;
    if (this.#writer.isConfirming(userId, id) && !this.#writer.isHeld(userId, id)) return undefined;
    const [message] = await this.#store.take(userId, id - 1, 1);
    return message?.id === id ? message : undefined;
  }
}

function worstOf(outcomes: readonly PointerOutcome[]): PointerOutcome {
  if (outcomes.includes('failed')) return 'failed';
  return outcomes.includes('busy') ? 'busy' : 'done';
}
