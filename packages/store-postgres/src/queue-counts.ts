import { OUTBOX_ID, type QueueLimit, type QueueSize, type Retention } from '@imcore/server/ports';

/** Users whose counts are kept at hand. */
const MAX_KEPT = 50_000;
/** How long a count is trusted while it leaves room. */
const TRUST_ROOM_MS = 10_000;
/** How long a count is trusted that says full. */
const TRUST_FULL_MS = 1000;
const EMPTY: QueueSize = { messages: 0, bytes: 0 };

interface Count {
  readonly size: QueueSize;
  readonly countedAt: number;
}

/**
 * How much waits for whom, as far as lately asked: counting rows for each append would cost more than it.
 *
 * Other nodes append and confirm too. A count is asked anew after ten seconds, and after one second before it
 * refuses a message: a bound may be passed by what other nodes have stored in that time.
 */
export class QueueCounts {
  readonly #retention: Required<Retention>;
  readonly #counts = new Map<string, Count>();

  constructor(retention: Required<Retention>) {
    this.#retention = retention;
  }

  /** Of these users (with what is to be added for each), those who must be counted first. */
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

  /** What waits for a user; nothing for a user who was not counted. */
  sizeOf(userId: string): QueueSize {
    return this.#counts.get(userId)?.size ?? EMPTY;
  }

  /** The limit that leaves no room for this; undefined when there is room. */
  limitFor(userId: string, addition: QueueSize): QueueLimit | undefined {
    if (userId === OUTBOX_ID) return undefined;
    return limitOf(plus(this.sizeOf(userId), addition), this.#retention);
  }

  changed(userId: string, by: QueueSize): void {
    const count = this.#counts.get(userId);
    if (count !== undefined) this.#counts.set(userId, { ...count, size: plus(count.size, by) });
  }

  /** After a transaction that perhaps did not happen: what was counted may be wrong. */
  forget(userIds: Iterable<string>): void {
    for (const userId of userIds) this.#counts.delete(userId);
  }
}

/** The limit that a mailbox of this size passes. */
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
