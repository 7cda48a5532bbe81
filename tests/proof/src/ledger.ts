/** The counts of a run. The last three must be 0. */
export interface Verdict {
  readonly acknowledged: number;
  readonly received: number;
  /** Acknowledged to the sender, but not received. */
  readonly missing: number;
  /** Received by the application more than once. */
  readonly duplicated: number;
  /** Received after a later message of the same sender and receiver. */
  readonly outOfOrder: number;
}

interface Pair {
  /** Numbers that were acknowledged to the sender. */
  readonly acknowledged: Set<number>;
  /** How often each number was received. */
  readonly received: Map<number, number>;
  lastReceived: number;
  outOfOrder: number;
}

/**
 * Records which messages were acknowledged to senders, and which were received. The messages of a pair are numbered from
 * 0 in the order of sending.
 */
export class Ledger {
  readonly #pairs = new Map<string, Pair>();

  acknowledged(pair: string, number: number): void {
    this.#pair(pair).acknowledged.add(number);
  }

  received(pair: string, number: number): void {
    const entry = this.#pair(pair);
    const times = entry.received.get(number) ?? 0;
    entry.received.set(number, times + 1);
    if (times > 0) return;
    if (number < entry.lastReceived) entry.outOfOrder += 1;
    entry.lastReceived = Math.max(entry.lastReceived, number);
  }

  /** Acknowledged messages that were not received yet, by pair. */
  open(): Map<string, number[]> {
    const open = new Map<string, number[]>();
    for (const [name, { acknowledged, received }] of this.#pairs) {
      const missing = [...acknowledged].filter((number) => !received.has(number));
      if (missing.length > 0) open.set(name, missing);
    }
    return open;
  }

  verdict(): Verdict {
    let [acknowledged, received, missing, duplicated, outOfOrder] = [0, 0, 0, 0, 0];
    for (const pair of this.#pairs.values()) {
      acknowledged += pair.acknowledged.size;
      received += pair.received.size;
      outOfOrder += pair.outOfOrder;
      for (const times of pair.received.values()) if (times > 1) duplicated += 1;
      for (const number of pair.acknowledged) if (!pair.received.has(number)) missing += 1;
    }
    return { acknowledged, received, missing, duplicated, outOfOrder };
  }

  #pair(name: string): Pair {
    let pair = this.#pairs.get(name);
    if (pair === undefined) {
      pair = { acknowledged: new Set(), received: new Map(), lastReceived: -1, outOfOrder: 0 };
      this.#pairs.set(name, pair);
    }
    return pair;
  }
}
