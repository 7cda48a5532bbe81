/** What went wrong in a run, in numbers. All zero is the proof. */
export interface Verdict {
  readonly acknowledged: number;
  readonly handed: number;
  /** Acknowledged to the sender and never handed to the receiver. */
  readonly missing: number;
  /** Handed to the receiving application more than once. */
  readonly handedTwice: number;
  /** Handed after a later message of the same sender and receiver. */
  readonly outOfOrder: number;
}

interface Pair {
  /** Numbers that the sender was told are safe. */
  readonly acknowledged: Set<number>;
  /** Numbers that the receiver was handed, with how often. */
  readonly handed: Map<number, number>;
  lastHanded: number;
  outOfOrder: number;
}

/**
 * The books of both sides: what senders were told, and what receivers were handed. Messages of a pair are numbered
 * from 0 in the order in which they were sent.
 */
export class Ledger {
  readonly #pairs = new Map<string, Pair>();

  acknowledged(pair: string, number: number): void {
    this.#pair(pair).acknowledged.add(number);
  }

  handed(pair: string, number: number): void {
    const entry = this.#pair(pair);
    const times = entry.handed.get(number) ?? 0;
    entry.handed.set(number, times + 1);
    if (times > 0) return;
    if (number < entry.lastHanded) entry.outOfOrder += 1;
    entry.lastHanded = Math.max(entry.lastHanded, number);
  }

  /** Acknowledged messages that are not handed yet, by pair. */
  open(): Map<string, number[]> {
    const open = new Map<string, number[]>();
    for (const [name, { acknowledged, handed }] of this.#pairs) {
      const missing = [...acknowledged].filter((number) => !handed.has(number));
      if (missing.length > 0) open.set(name, missing);
    }
    return open;
  }

  verdict(): Verdict {
    let [acknowledged, handed, missing, handedTwice, outOfOrder] = [0, 0, 0, 0, 0];
    for (const pair of this.#pairs.values()) {
      acknowledged += pair.acknowledged.size;
      handed += pair.handed.size;
      outOfOrder += pair.outOfOrder;
      for (const times of pair.handed.values()) if (times > 1) handedTwice += 1;
      for (const number of pair.acknowledged) if (!pair.handed.has(number)) missing += 1;
    }
    return { acknowledged, handed, missing, handedTwice, outOfOrder };
  }

  #pair(name: string): Pair {
    let pair = this.#pairs.get(name);
    if (pair === undefined) {
      pair = { acknowledged: new Set(), handed: new Map(), lastHanded: -1, outOfOrder: 0 };
      this.#pairs.set(name, pair);
    }
    return pair;
  }
}
