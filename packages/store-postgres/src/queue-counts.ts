import type { QueueLimit, QueueSize, Retention } from '@imcore/server/ports';

/** Maximum number of cached counts. */
const MAX_KEPT = 50_000;
/** How long a count is trusted if it leaves room. */
const TRUST_ROOM_MS = 10_000;
/** How long a count is trusted if it says that the queue is full. */
const TRUST_FULL_MS = 1000;
const EMPTY: QueueSize = { messages: 0, bytes: 0 };

interface Count {
  readonly size: QueueSize;
  readonly countedAt: number;
}

/**
 * Cached sizes of queues: counting rows for each append would cost more than the append.
 *
 * Other nodes append and confirm too. A count is read again after ten seconds, and after one second before it rejects a
 * message: a limit can be exceeded by what other nodes have stored in that time.
 */
export class QueueCounts {
  readonly #retention: Required<Retention>;
  readonly #counts = new Map<string, Count>();

  constructor(retention: Required<Retention>) {
    this.#retention = retention;
  }

  /** The users among these whose count must be read before the append. */
  unknownOf(additions: ReadonlyMap<string, QueueSize>, now: number): readonly string[] {
    if (this.#counts.size >= MAX_KEPT) this.#counts.clear();
    return [...additions].flatMap(([userId, addition]) => {
      const count = this.#counts.get(userId);
      if (count === undefined) return [userId];
      const age = now - count.countedAt;
      const trustedMs = this.limitFor(userId, addition) === undefined ? TRUST_ROOM_MS : TRUST_FULL_MS;
      return age < 0 || age >= trustedMs ? [userId] : [];
    });
  }

  counted(userId: string, size: QueueSize, now: number): void {
    this.#counts.set(userId, { size, countedAt: now });
  }

  /** Size of a user's queue; zero for a user whose count is not cached. */
  sizeOf(userId: string): QueueSize {
    return this.#counts.get(userId)?.size ?? EMPTY;
  }

  /** The limit that this addition would exceed; undefined if there is room. */
  limitFor(userId: string, addition: QueueSize): QueueLimit | undefined {
    return limitOf(plus(this.sizeOf(userId), addition), this.#retention);
  }

  changed(userId: string, by: QueueSize): void {
    const count = this.#counts.get(userId);
    if (count !== undefined) this.#counts.set(userId, { ...count, size: plus(count.size, by) });
  }

  /** Drops counts that may be wrong, because the outcome of a transaction is unknown. */
  forget(userIds: Iterable<string>): void {
    for (const userId of userIds) this.#counts.delete(userId);
  }
}

/** The limit that a queue of this size exceeds. */
export function limitOf(
  { messages, bytes }: QueueSize,
  retention: Required<Retention>,
): QueueLimit | undefined {
  if (bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
  return messages > retention.maxPerUser ? 'maxPerUser' : undefined;
}

export function plus(left: QueueSize, right: QueueSize): QueueSize {
  return { messages: left.messages + right.messages, bytes: left.bytes + right.bytes };
}

export function minus({ messages, bytes }: QueueSize): QueueSize {
  return { messages: -messages, bytes: -bytes };
}
