import { bytesOf, type Draft } from './draft.js';

/** How long the total is trusted while there is room, in milliseconds, and when it says that the store is full. */
const TRUST_ROOM_MS = 5000;
const TRUST_FULL_MS = 1000;

/** From this part of the limit on, the total is read again after messages were deleted. */
const NEARLY_FULL = 7 / 8;

/**
 * The bytes of all messages and keys in the database, counted with each change and read every few seconds. Other nodes append
 * too: all together can exceed `maxTotalBytes` by what they store in that time.
 */
export class TotalBytes {
  readonly #max: number;
  #bytes = 0;
  #readAt: number | undefined = undefined;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether the total must be read before an append. Without a limit it is never read. */
  mustRead(now: number): boolean {
    if (this.#max === Number.POSITIVE_INFINITY) return false;
    if (this.#readAt === undefined) return true;
    const age = now - this.#readAt;
    return age < 0 || age >= (this.#bytes >= NEARLY_FULL * this.#max ? TRUST_FULL_MS : TRUST_ROOM_MS);
  }

  read(bytes: number, now: number): void {
    this.#bytes = bytes;
    this.#readAt = now;
  }

  /** The drafts that the store has no room for. */
  beyond(drafts: readonly Draft[]): readonly Draft[] {
    let bytes = this.#bytes;
    return drafts.filter((draft) => {
      const size = bytesOf(draft);
      if (draft.message.ignoresLimits || bytes + size <= this.#max) {
        bytes += size;
        return false;
      }
      return true;
    });
  }

  /** Counts drafts that were stored. */
  stored(drafts: readonly Draft[]): void {
    for (const draft of drafts) if (draft.result?.outcome === 'stored') this.#bytes += bytesOf(draft);
  }

  /** Messages were deleted, or the outcome of a transaction is unknown. */
  changed(): void {
    if (this.#bytes >= NEARLY_FULL * this.#max) this.#readAt = undefined;
  }
}
