import type { Instant } from '@imcore/protocol';
import type { Connection } from '../ports/transport.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';

/**
 * Watches a peer that has fallen behind, until it has caught up: who waits for it, and whether it takes anything
 * at all. Exists only meanwhile, so that readers that keep up cost nothing.
 */
export class SlowReader implements RingEntry {
  /** When it fell behind. */
  readonly since: Instant;
  readonly #connection: Connection;
  readonly #onStalled: () => void;
  readonly #waiting = new Set<() => void>();
  /** What would be waiting if the peer had taken nothing. */
  #bufferedBytes: number;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(connection: Connection, since: Instant, onStalled: () => void) {
    this.#connection = connection;
    this.since = since;
    this.#onStalled = onStalled;
    this.#bufferedBytes = connection.bufferedBytes;
  }

  onCaughtUp(resume: () => void): void {
    this.#waiting.add(resume);
  }

  /** More is waiting for the peer, because it was written. */
  grew(bytes: number): void {
    this.#bufferedBytes += bytes;
  }

  /** The stall time-out has passed. A peer that took anything gets another one. */
  check(ring: DeadlineRing, now: Instant): void {
    const { bufferedBytes } = this.#connection;
    if (bufferedBytes >= this.#bufferedBytes) {
      this.#onStalled();
      return;
    }
    this.#bufferedBytes = bufferedBytes;
    ring.start(this, now);
  }

  /** The peer has caught up or is gone. */
  end(): void {
    this.ring?.stop(this);
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }
}
