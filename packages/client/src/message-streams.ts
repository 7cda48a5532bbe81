import type { Handling } from './handling.js';
import type { Message } from './message.js';

type Result = IteratorResult<Message, undefined>;

const DONE: Result = { done: true, value: undefined };

/** One reader of messages, as an async iterator. */
class MessageStream implements AsyncIterableIterator<Message, undefined> {
  #unread: Handling[] = [];
  /** Messages that were read and are handled until the next one is asked for. */
  #read: Handling[] = [];
  readonly #readers: ((result: Result) => void)[] = [];
  readonly #left: (stream: MessageStream) => void;
  #isOver = false;

  constructor(left: (stream: MessageStream) => void) {
    this.#left = left;
  }

  push(handling: Handling): void {
    handling.begin();
    const reader = this.#readers.shift();
    if (reader === undefined) this.#unread.push(handling);
    else reader(this.#resultOf(handling));
  }

  async next(): Promise<Result> {
    for (const handling of this.#read.splice(0)) handling.end(true);
    const handling = this.#unread.shift();
    if (handling !== undefined) return this.#resultOf(handling);
    if (this.#isOver) return DONE;
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Ends the stream. A loop that throws ends it like one that breaks, so the last message counts as not handled. */
  async return(): Promise<Result> {
    this.end();
    return DONE;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#left(this);
    for (const reader of this.#readers) reader(DONE);
    for (const handling of this.#read.splice(0)) handling.end(false);
    for (const handling of this.#unread.splice(0)) handling.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #resultOf(handling: Handling): Result {
    this.#read.push(handling);
    return { done: false, value: handling.message };
  }
}

/** All readers of messages; each of them gets every message. */
export class MessageStreams {
  readonly #streams = new Set<MessageStream>();
  #isOver = false;

  open(): AsyncIterableIterator<Message, undefined> {
    const stream = new MessageStream((left) => this.#streams.delete(left));
    this.#streams.add(stream);
    if (this.#isOver) stream.end();
    return stream;
  }

  /** Passes a message to all readers. */
  push(handling: Handling): void {
    for (const stream of this.#streams) stream.push(handling);
  }

  /** Ends all readers, and every reader that is opened later. */
  end(): void {
    this.#isOver = true;
    for (const stream of this.#streams) stream.end();
  }
}
