/** A text, and the channel that it is for. */
interface QueuedNotice {
  readonly channel: string;
  readonly text: string;
}

/** Limits of one statement: a probe behind it must not wait for long. */
const MAX_BATCH_NOTICES = 256;
const MAX_BATCH_BYTES = 256 * 1024;

/** What a notification costs beside its text, in bytes, roughly. */
const OVERHEAD_BYTES = 128;

/** The notifications that wait to be written, and those that are being written. Bounded in bytes. */
export class NoticeQueue {
  readonly #maxBytes: number;
  #waiting: QueuedNotice[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Returns false if there is no room. */
  add(notice: QueuedNotice): boolean {
    const bytes = costOf(notice);
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    this.#waiting.push(notice);
    return true;
  }

  /** Adds a notification that goes with the next batch. */
  addFirst(notice: QueuedNotice): void {
    this.#bytes += costOf(notice);
    this.#waiting.unshift(notice);
  }

  /** The oldest ones, for one statement. They count until {@link written}. */
  nextBatch(): readonly QueuedNotice[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && count < MAX_BATCH_NOTICES; count += 1) {
      const notice = this.#waiting[count];
      bytes += notice === undefined ? 0 : costOf(notice);
      if (count > 0 && bytes > MAX_BATCH_BYTES) break;
    }
    return this.#waiting.splice(0, count);
  }

  written(batch: readonly QueuedNotice[]): void {
    for (const notice of batch) this.#bytes -= costOf(notice);
  }
}

function costOf({ channel, text }: QueuedNotice): number {
  return channel.length + text.length + OVERHEAD_BYTES;
}
