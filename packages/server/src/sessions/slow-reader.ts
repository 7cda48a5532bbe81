import type { Instant } from '@imcore/protocol';
import type { Connection } from '../ports/transport.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';

/**
 * Tracks a peer that reads too slowly, until it has caught up: which senders wait for it, and whether it reads at all.
 * Exists only while the peer is behind, so that other peers cost nothing.
 */
export class SlowReader implements RingEntry {
  /** When it fell behind. */
  readonly since: Instant;
  readonly #connection: Connection;
  readonly #onStalled: () => void;
  readonly #waiting = new Set<() => void>();
  /** The bytes that would be buffered if the peer had read nothing since the last check. */
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

  /** Bytes were added to the peer's buffer. */
  grew(bytes: number): void {
    this.#bufferedBytes += bytes;
  }

  /** The stall time-out has passed. It is restarted if the peer has read anything. */
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
