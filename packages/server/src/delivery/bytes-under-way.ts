import type { BinaryString } from '@imcore/protocol';
import type { ServerMetrics } from '../metrics.js';

/**
 * Memory that a message under way takes in addition to its body, in bytes. Measured: 520 in an inbox, about 250 more while it
 * waits for the store.
 */
const MESSAGE_OVERHEAD = 768;

/** The part of the receivers' free bytes that one receiver may take. */
const RECEIVER_PART = 1 / 8;

/** Maximum size of a stored message: what a page of a replay may consist of. */
const LARGEST_BYTES = 64 * 1024;

/** Memory that a message under way takes, in bytes: its body, its content as text, which may be as long, and the rest. */
export function bytesOf(body: BinaryString): number {
  return 2 * body.length + MESSAGE_OVERHEAD;
}

/** Memory that messages of a page take, in bytes. */
export function bytesOfEntries(entries: readonly { readonly body: BinaryString }[]): number {
  return entries.reduce((sum, { body }) => sum + bytesOf(body), 0);
}

/**
 * The memory for everything that is under way in one server. Half of it is for senders: messages that are not acknowledged to
 * them. The other half is for receivers: stored messages in flight, pages of replays, output that is not read, what waits
 * for hooks.
 *
 * Whoever adds to it may have as many bytes as are still free, or a part of them. So the bytes of senders never run out: the
 * more of them are taken, the less each may have, and whoever has few under way finds room also during a flood.
 *
 * @see docs/adr/0016-bytes-under-way.md
 */
export class BytesUnderWay {
  readonly #metrics: ServerMetrics;
  readonly #half: number;
  #ofSenders = 0;

  constructor(metrics: ServerMetrics, max: number) {
    this.#metrics = metrics;
    this.#half = max / 2;
  }

  /** How much one sender may have under way. */
  get freeForSender(): number {
    return this.#half - this.#ofSenders;
  }

  /** How much one receiver may make the server keep. */
  get freeForReceiver(): number {
    return (this.#half - this.#metrics.bytesUnderWay + this.#ofSenders) * RECEIVER_PART;
  }

  /** How many stored messages may be read at once, although their size is not known. At least one. */
  get maxPage(): number {
    return Math.max(1, Math.floor(this.freeForReceiver / LARGEST_BYTES));
  }

  /** Adds bytes of a sender; a negative number removes them. */
  addOfSender(bytes: number): void {
    this.#ofSenders += bytes;
    this.#metrics.bytesUnderWay += bytes;
  }

  /** Adds bytes of a receiver; a negative number removes them. */
  addOfReceiver(bytes: number): void {
    this.#metrics.bytesUnderWay += bytes;
  }
}
