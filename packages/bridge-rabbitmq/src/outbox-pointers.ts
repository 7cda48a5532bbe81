import { decodeFrameBody } from '@imcore/protocol';
import {
  type Entry,
  type Position,
  type RouteHost,
  type RouteQueues,
  type StoredMessage,
  toMessage,
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

/** Before the position in the body of a pointer. Pointers of versions before logs have the message's number alone. */
const POSITION_MARK = '@';

/** Entries that are read at once to find the message of a pointer of an older version. */
const SEARCH_PAGE = 500;

/**
 * The pointers of the bridge outbox: records in the store which say that a message in a user's log belongs to the bridge.
 * Sender is the log's user, body the message's position in that log.
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

  /** The pointer to a message that is stored at this position. */
  pointerTo({ to, from, fingerprint, acceptedAt }: StoredMessage, position: Position): StoredMessage {
    const key = `${position} ${from} ${fingerprint}`;
    const body = `${POSITION_MARK}${position}`;
    return { to: POINTERS, from: to, fingerprint: key, body, acceptedAt, ignoresLimits: true };
  }

  /** Whether there are pointers. @throws StoreError */
  async hasAny(): Promise<boolean> {
    return (await this.#store.take(POINTERS, 0, 1)).entries.length > 0;
  }

  /** The broker, or the receiver, has a message: the store forgets its pointer. */
  confirm(pointer: Position): void {
    this.#writer.confirm(POINTERS, pointer);
  }

  /** The broker has not got a message: a receiver who has come online here meanwhile gets it. */
  giveBack(userId: string, position: Position): void {
    this.#writer.release(userId, position);
    const queue = this.#queues.queueOf(userId);
    queue?.rewind(position);
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
      for (let after: Position = 0; mayContinue(); ) {
        const { entries } = await this.#store.take(POINTERS, after, PAGE);
        const last = entries.at(-1);
        if (last === undefined) return worstOf(await Promise.all(underWay));
        after = last.position;
        const outcomes = await this.#publishPage(entries);
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
  async #publishPage(page: readonly Entry[]): Promise<readonly (PointerOutcome | Promise<PointerOutcome>)[]> {
    const pointers = page.filter(({ position }) => !this.#writer.isConfirming(POINTERS, position));
    const messages = await Promise.all(pointers.map((pointer) => this.#messageOf(pointer)));
    const outcomes: (PointerOutcome | Promise<PointerOutcome>)[] = [];
    for (const [index, pointer] of pointers.entries()) {
      const message = messages[index];
      if (message !== undefined && this.#writer.isHeld(message.to, message.position)) {
        outcomes.push('busy');
        break;
      }
      // A receiver who is online has the message from the queue, or will have.
      if (message === undefined || this.#host.isOnline(message.to)) {
        this.confirm(pointer.position);
        outcomes.push('done');
      } else outcomes.push(this.#publishOne(pointer.position, message));
    }
    return outcomes;
  }

  async #publishOne(pointer: Position, { to, position, body, from }: Entry): Promise<PointerOutcome> {
    this.#writer.hold(to, position);
    if ((await this.#publish({ body, isRepeatable: true, mayWait: false })) !== undefined) {
      this.giveBack(to, position);
      return 'failed';
    }
    this.#writer.confirm(to, position);
    this.confirm(pointer);
    this.#writer.release(to, position);
    const { events } = this.#host.runtime;
    if (events.has('bridged')) events.emit('bridged', toMessage(decodeFrameBody(body), from));
    return 'done';
  }

  /** The message that a pointer names; undefined when its receiver has it already. */
  async #messageOf({ from: userId, body }: Entry): Promise<Entry | undefined> {
    if (!body.startsWith(POSITION_MARK)) return this.#findByNumber(userId, Number(body));
    const position = Number(body.slice(POSITION_MARK.length));
    if (this.#writer.isConfirming(userId, position) && !this.#writer.isHeld(userId, position))
      return undefined;
    const [entry] = (await this.#store.take(userId, position - 1, 1)).entries;
    return entry?.position === position ? entry : undefined;
  }

  /** The message that a pointer of an older version names by its number. */
  async #findByNumber(userId: string, id: number): Promise<Entry | undefined> {
    for (let after: Position = 0; ; ) {
      const { entries } = await this.#store.take(userId, after, SEARCH_PAGE);
      const last = entries.at(-1);
      const found = entries.find((entry) => entry.id === id);
      if (last === undefined || found !== undefined) return found;
      after = last.position;
    }
  }
}

function worstOf(outcomes: readonly PointerOutcome[]): PointerOutcome {
  if (outcomes.includes('failed')) return 'failed';
  return outcomes.includes('busy') ? 'busy' : 'done';
}
