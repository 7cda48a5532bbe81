/** What became of the messages of one pair, or of all. */
export interface LoadCounts {
  sent: number;
  delivered: number;
  acknowledged: number;
  /** Handed over more than once. */
  duplicates: number;
  /** Handed over behind a later one. */
  overtaken: number;
  /** Arrived with another content than was sent. */
  altered: number;
  /** Belongs to no message that was sent. */
  foreign: number;
}

export function noCounts(): LoadCounts {
  return { sent: 0, delivered: 0, acknowledged: 0, duplicates: 0, overtaken: 0, altered: 0, foreign: 0 };
}

const DELIVERED = 1;
const ACKNOWLEDGED = 2;

/**
 * Keeps account of one sender's numbered messages to one receiver: sent, delivered, acknowledged, and what went wrong.
 *
 * Pure. Remembers each message that is not settled, and a bit of each that is, so that a copy is known however late
 * it comes.
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

  /** `expects`: what settles a message. */
  constructor(expects: 'both' | 'acknowledgement' = 'both') {
    this.#settled = expects === 'both' ? DELIVERED | ACKNOWLEDGED : ACKNOWLEDGED;
  }

  /** Messages that are not both delivered and acknowledged. */
  get underWay(): number {
    return this.#startedAt.size;
  }

  /** Begins a message that was meant to leave at `startedAt`. Returns its number. */
  begin(startedAt: number): number {
    const number = this.#next;
    this.#next += 1;
    this.#startedAt.set(number, startedAt);
    this.#state.set(number, 0);
    this.counts.sent += 1;
    return number;
  }

  /** The receiver was handed a message. Returns when it was begun; undefined where it does not count. */
  delivered(number: number, isIntact: boolean): number | undefined {
    if (number >= this.#next || number < 0 || !Number.isInteger(number)) {
      this.counts.foreign += 1;
      return undefined;
    }
    if (this.#isSettled(number) || this.#has(number, DELIVERED)) {
      this.counts.duplicates += 1;
      return undefined;
    }
    if (!isIntact) this.counts.altered += 1;
    if (number < this.#lastDelivered) this.counts.overtaken += 1;
    else this.#lastDelivered = number;
    this.counts.delivered += 1;
    return this.#mark(number, DELIVERED);
  }

  /** The sender was acknowledged. Returns when the message was begun; undefined for a repetition. */
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
