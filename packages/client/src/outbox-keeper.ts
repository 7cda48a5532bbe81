import { OutboxError } from './errors.js';
import type { OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';

/** What an {@link OutboxKeeper} reports. */
export interface OutboxHandler {
  /** Messages that wait, and the keys of messages that were received: at opening, and later what others left. */
  found(waiting: readonly StoredEntry[], received: readonly string[]): void;
  /** A message is kept, or could not be. */
  kept(ticket: number, error?: OutboxError): void;
  failed(error: OutboxError): void;
}

interface Boxes {
  /** Messages to send, by fingerprint. */
  readonly waiting: StorageBox;
  /** Messages that were received, by the key of their sender and fingerprint. */
  readonly received: StorageBox | undefined;
}

/** One user's outbox at a time: opens it, keeps and forgets in the order of the calls, reports what fails. */
export class OutboxKeeper {
  readonly #storage: OutboxStorage | undefined;
  readonly #remember: number;
  readonly #handler: OutboxHandler;
  #boxes: Promise<Boxes> | undefined;
  #closing: Promise<unknown> = Promise.resolve();
  /** Keys of received messages that are kept, oldest first. */
  #keys = new Set<string>();

  /** Remembers so many received messages. */
  constructor(storage: OutboxStorage | undefined, remember: number, handler: OutboxHandler) {
    this.#storage = storage;
    this.#remember = remember;
    this.#handler = handler;
  }

  /** Opens the outbox of a user, then reports what it holds: nothing where that fails. */
  open(userId: string): void {
    const boxes: Promise<Boxes> = this.#closing.then(() => this.#open(userId, () => boxes === this.#boxes));
    this.#boxes = boxes;
    this.#keys = new Set();
    boxes.catch((cause) => {
      if (boxes !== this.#boxes) return;
      this.#handler.failed(outboxError(cause));
      this.#handler.found([], []);
    });
  }

  keep(ticket: number, key: string, value: string): void {
    this.#with(({ waiting }) => waiting.put(key, value)).then(
      () => this.#handler.kept(ticket),
      (cause) => this.#handler.kept(ticket, outboxError(cause)),
    );
  }

  forget(key: string): void {
    this.#with(({ waiting }) => waiting.remove(key)).catch((cause) => this.#failed(cause));
  }

  /** Remembers that a message was received; the oldest is forgotten for it. Resolves in any case. */
  async remember(key: string): Promise<void> {
    try {
      await this.#with(({ received }) => {
        this.#keys.add(key);
        const [oldest] = this.#keys;
        if (this.#keys.size <= this.#remember || oldest === undefined) return received?.put(key, '');
        this.#keys.delete(oldest);
        return Promise.all([received?.put(key, ''), received?.remove(oldest)]);
      });
    } catch (cause) {
      this.#failed(cause);
    }
  }

  /** Lets go of the outbox, after everything that was asked for before. What it holds stays. */
  close(): void {
    const boxes = this.#boxes;
    this.#boxes = undefined;
    if (boxes === undefined) return;
    this.#closing = boxes
      .then(({ waiting, received }) => Promise.all([waiting.close(), received?.close()]))
      .catch(() => {});
  }

  /** When what was let go of is free. */
  get closed(): Promise<unknown> {
    return this.#closing;
  }

  async #open(userId: string, isPresent: () => boolean): Promise<Boxes> {
    const found = (waiting: readonly StoredEntry[], received: readonly StoredEntry[]): void => {
      if (!isPresent()) return;
      for (const { key } of received) this.#keys.add(key);
      this.#handler.found(
        waiting,
        received.map(({ key }) => key),
      );
    };
    const storage = this.#storage;
    if (storage === undefined) throw new Error('there is no outbox');
    const waiting = await storage.open(`waiting:${userId}`, (entries) => found(entries, []));
    try {
      const received =
        this.#remember > 0
          ? await storage.open(`received:${userId}`, (entries) => found([], entries))
          : undefined;
      found(await waiting.list(), (await received?.list()) ?? []);
      return { waiting, received };
    } catch (error) {
      await waiting.close();
      throw error;
    }
  }

  async #with(use: (boxes: Boxes) => unknown): Promise<void> {
    if (this.#boxes !== undefined) await use(await this.#boxes);
  }

  #failed(cause: unknown): void {
    this.#handler.failed(outboxError(cause));
  }
}

function outboxError(cause: unknown): OutboxError {
  if (cause instanceof OutboxError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new OutboxError('ERR_OUTBOX_FAILED', `the outbox failed: ${text}`, { cause });
}
