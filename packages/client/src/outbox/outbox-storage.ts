/** One text in a {@link StorageBox}. */
export interface StoredEntry {
  readonly key: string;
  readonly value: string;
}

/**
 * A named, ordered collection of texts that outlives the program.
 *
 * Calls take effect in the order in which they are made; nobody waits for one before making the next. Every call may
 * be repeated.
 */
export interface StorageBox {
  /** What this box holds, oldest first. */
  list(): Promise<readonly StoredEntry[]>;
  /**
   * Keeps an entry behind all others; an entry whose key is there already keeps its place and gets the new value.
   * Resolves when a crash of the program can lose it no longer.
   *
   * @throws OutboxError `ERR_OUTBOX_FULL`, `ERR_OUTBOX_FAILED`; the entry is not there then, or may be.
   */
  put(key: string, value: string): Promise<void>;
  /** Forgets an entry. Without effect where there is none. */
  remove(key: string): Promise<void>;
  /** Lets go of the box: from now on somebody else may open it. What it holds stays. */
  close(): Promise<void>;
}

/**
 * Where a client keeps what must outlive it: messages that wait, and if asked to, what it has received.
 *
 * An entry belongs to one box that is open at a time. Where several programs (tabs) may open the same name, each has
 * entries of its own, and those that somebody left behind who is gone belong to the next who opens; `adopted` hands
 * over later what was left behind since.
 *
 * @see docs/adr/0009-outbox-of-the-client.md
 */
export interface OutboxStorage {
  /**
   * @throws OutboxError `ERR_OUTBOX_LOCKED` where another program has it and it cannot be shared,
   *   `ERR_OUTBOX_FAILED`
   */
  open(name: string, adopted: (entries: readonly StoredEntry[]) => void): Promise<StorageBox>;
}
