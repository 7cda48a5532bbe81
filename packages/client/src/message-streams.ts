import type { Message } from './message.js';

/** An unread message. */
interface Unread {
  readonly message: Message;
  /** Called once by each stream, with whether it was read. */
  readonly taken: (wasRead: boolean) => void;
}

type Result = IteratorResult<Message, undefined>;

/** One reader of messages, as an async iterator. */
class MessageStream implements AsyncIterableIterator<Message, undefined> {
  readonly #unread: Unread[] = [];
  readonly #readers: ((result: Result) => void)[] = [];
  readonly #maxUnread: number;
  readonly #left: (stream: MessageStream) => void;
  #isOver = false;

  constructor(maxUnread: number, left: (stream: MessageStream) => void) {
    this.#maxUnread = maxUnread;
    this.#left = left;
  }

  push(unread: Unread): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: unread.message });
      unread.taken(true);
    } else if (this.#unread.length < this.#maxUnread) this.#unread.push(unread);
    else unread.taken(false);
  }

  next(): Promise<Result> {
    const unread = this.#unread.shift();
    if (unread !== undefined) {
      unread.taken(true);
      return Promise.resolve({ done: false, value: unread.message });
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Ends the stream. Unread messages are reported as not read. */
  return(): Promise<Result> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#left(this);
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    for (const { taken } of this.#unread.splice(0)) taken(false);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** All readers of messages; each of them gets every message. */
export class MessageStreams {
  readonly #streams = new Set<MessageStream>();
  readonly #maxUnread: number;
  readonly #onChange: (isRead: boolean) => void;
  #isOver = false;

  /**
   * `maxUnread`: maximum number of unread messages per reader. `onChange` is called when the first reader starts (true)
   * and when the last one ends (false).
   */
  constructor(maxUnread: number, onChange: (isRead: boolean) => void) {
    this.#maxUnread = maxUnread;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#streams.size;
  }

  open(): AsyncIterableIterator<Message, undefined> {
    const stream = new MessageStream(this.#maxUnread, (left) => {
      this.#streams.delete(left);
      if (this.#streams.size === 0) this.#onChange(false);
    });
    this.#streams.add(stream);
    if (this.#isOver) stream.end();
    else if (this.#streams.size === 1) this.#onChange(true);
    return stream;
  }

  /** Passes a message to all readers. `done` is called once when no reader has it unread, with whether any has read it. */
  push(message: Message, done: (wasRead: boolean) => void): void {
    let unread = this.#streams.size;
    let isRead = false;
    const taken = (wasRead: boolean): void => {
      unread -= 1;
      isRead ||= wasRead;
      if (unread === 0) done(isRead);
    };
    for (const stream of [...this.#streams]) stream.push({ message, taken });
  }

  /** Ends all readers, and every reader that is opened later. */
  end(): void {
    this.#isOver = true;
    for (const stream of [...this.#streams]) stream.end();
  }
}
