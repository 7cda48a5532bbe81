/** What gathers output. */
export interface Flushable {
  flush(): void;
}

/**
 * Lets everything that is written while one chunk of input is handled leave together: one system call per
 * connection, at once and not a turn of the event loop later.
 */
export class Flusher {
  #dirty: Flushable[] = [];
  #state: 'idle' | 'in-chunk' | 'scheduled' = 'idle';

  /** Handling of a chunk begins. */
  begin(): void {
    if (this.#state === 'idle') this.#state = 'in-chunk';
  }

  /** It has ended: everything leaves now. */
  end(): void {
    if (this.#state !== 'in-chunk') return;
    this.#flushAll();
  }

  /** `target` has output. Called once until its next flush. */
  add(target: Flushable): void {
    this.#dirty.push(target);
    if (this.#state !== 'idle') return;
    this.#state = 'scheduled';
    process.nextTick(() => this.#flushAll());
  }

  #flushAll(): void {
    this.#state = 'idle';
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const target of dirty) target.flush();
  }
}
