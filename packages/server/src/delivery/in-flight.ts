import type { Delivery } from './delivery.js';

/**
 * The deliveries that one user was sent and has not acknowledged, oldest first.
 *
 * Found by fingerprint alone, as nearly always only one sender uses it; a second sender's equal fingerprint is kept
 * under both.
 */
export class InFlight {
  readonly #deliveries = new Map<string, Delivery>();

  get size(): number {
    return this.#deliveries.size;
  }

  /** Returns false when this very message is in flight already. */
  add(fingerprint: string, delivery: Delivery): boolean {
    const other = this.#deliveries.get(fingerprint);
    if (other === undefined) {
      this.#deliveries.set(fingerprint, delivery);
      return true;
    }
    const key = fullKey(fingerprint, delivery.from);
    if (other.from === delivery.from || this.#deliveries.has(key)) return false;
    this.#deliveries.set(key, delivery);
    return true;
  }

  /** Takes out what `from` sent under this fingerprint; from anybody when `from` is not given. */
  take(fingerprint: string, from: string | undefined): Delivery | undefined {
    const delivery = this.#deliveries.get(fingerprint);
    if (delivery?.fingerprint === fingerprint && (from === undefined || delivery.from === from)) {
      this.#deliveries.delete(fingerprint);
      return delivery;
    }
    if (from === undefined) return undefined;
    const key = fullKey(fingerprint, from);
    const second = this.#deliveries.get(key);
    if (second?.from !== from || second.fingerprint !== fingerprint) return undefined;
    this.#deliveries.delete(key);
    return second;
  }

  remove(fingerprint: string, delivery: Delivery): void {
    if (this.#deliveries.get(fingerprint) === delivery) this.#deliveries.delete(fingerprint);
    else if (this.#deliveries.get(fullKey(fingerprint, delivery.from)) === delivery) {
      this.#deliveries.delete(fullKey(fingerprint, delivery.from));
    }
  }

  /** Takes all of them out. */
  drain(): Delivery[] {
    const all = [...this.#deliveries.values()];
    this.#deliveries.clear();
    return all;
  }

  values(): IterableIterator<Delivery> {
    return this.#deliveries.values();
  }
}

function fullKey(fingerprint: string, from: string): string {
  return `${fingerprint}\n${from}`;
}
