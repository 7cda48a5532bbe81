/** Counts of the messages of one pair, or of all pairs. */
export interface LoadCounts {
  sent: number;
  delivered: number;
  acknowledged: number;
  /** Delivered more than once. */
  duplicates: number;
  /** Delivered after a later message. */
  outOfOrder: number;
  /** Delivered with content that differs from what was sent. */
  corrupted: number;
  /** Never sent. */
  unexpected: number;
}

export function noCounts(): LoadCounts {
  return {
    sent: 0,
    delivered: 0,
    acknowledged: 0,
    duplicates: 0,
    outOfOrder: 0,
    corrupted: 0,
    unexpected: 0,
  };
}

const DELIVERED = 1;
const ACKNOWLEDGED = 2;

/**
 * Tracks one sender's numbered messages to one receiver: sent, delivered, acknowledged, and errors.
 *
 * Pure. Keeps the state of each message that is not settled; settled ones are kept as a range, so that a duplicate is
 * recognized however late it arrives.
 */
export class PairLedger {
  readonly counts: LoadCounts = noCounts();
  readonly #startedAt = new Map<number, number>();
  readonly #state = new Map<number, number>();
  #settledBelow = 0;
  readonly #settledAbove = new Set<number>();
  #next = 0;
  #lastDelivered = -1;
  readonly #settled: number;

  /** @param expects what settles a message */
  constructor(expects: 'both' | 'acknowledgement' = 'both') {
    this.#settled = expects === 'both' ? DELIVERED | ACKNOWLEDGED : ACKNOWLEDGED;
  }

  /** Messages that are not settled. */
  get inFlight(): number {
    return this.#startedAt.size;
  }

  /** Registers a message that was scheduled for `startedAt`. Returns its number. */
  begin(startedAt: number): number {
    const number = this.#next;
    this.#next += 1;
    this.#startedAt.set(number, startedAt);
    this.#state.set(number, 0);
    this.counts.sent += 1;
    return number;
  }

  /** The receiver got a message. Returns its scheduled time; undefined for a duplicate or unexpected message. */
  delivered(number: number, isIntact: boolean): number | undefined {
    if (number >= this.#next || number < 0 || !Number.isInteger(number)) {
      this.counts.unexpected += 1;
      return undefined;
    }
    if (this.#isSettled(number) || this.#has(number, DELIVERED)) {
      this.counts.duplicates += 1;
      return undefined;
    }
    if (!isIntact) this.counts.corrupted += 1;
    if (number < this.#lastDelivered) this.counts.outOfOrder += 1;
    else this.#lastDelivered = number;
    this.counts.delivered += 1;
    return this.#mark(number, DELIVERED);
  }

  /** The sender got an acknowledgement. Returns the message's scheduled time; undefined for a repeated one. */
  acknowledged(number: number): number | undefined {
    if (number >= this.#next || this.#isSettled(number) || this.#has(number, ACKNOWLEDGED)) return undefined;
    this.counts.acknowledged += 1;
    return this.#mark(number, ACKNOWLEDGED);
  }

  #has(number: number, flag: number): boolean {
    return ((this.#state.get(number) ?? 0) & flag) !== 0;
  }

  #mark(number: number, flag: number): number | undefined {
    const startedAt = this.#startedAt.get(number);
    const state = (this.#state.get(number) ?? 0) | flag;
    if ((state & this.#settled) === this.#settled) this.#settle(number);
    else this.#state.set(number, state);
    return startedAt;
  }

  #isSettled(number: number): boolean {
    return number < this.#settledBelow || this.#settledAbove.has(number);
  }

  #settle(number: number): void {
    this.#startedAt.delete(number);
    this.#state.delete(number);
    this.#settledAbove.add(number);
    while (this.#settledAbove.delete(this.#settledBelow)) this.#settledBelow += 1;
  }
}
