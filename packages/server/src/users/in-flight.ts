import type { Delivery } from '../delivery/delivery.js';

const MIN_BUCKETS = 8;

/**
 * The deliveries that one device was sent and has not acknowledged, oldest first. Found by fingerprint and sender.
 *
 * A chained hash table and a linked list, whose links are fields of the deliveries. A `Map` that is constantly filled and
 * emptied allocates a new table every few messages, and each old table keeps the next one alive until a full
 * collection: this was half of the garbage collector's work.
 */
export class InFlight {
  #buckets: (Delivery | undefined)[] = new Array(MIN_BUCKETS).fill(undefined);
  #first: Delivery | undefined;
  #last: Delivery | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Returns false if a message of the same sender with this fingerprint is already in flight. Its content may be another:
   * an acknowledgement could mean either, so there is one at a time.
   */
  add(fingerprint: string, delivery: Delivery): boolean {
    const hash = hashOf(fingerprint);
    delivery.hash = hash;
    delivery.isSecond = false;
    let other = this.#buckets[hash & (this.#buckets.length - 1)];
    for (; other !== undefined; other = other.nextInBucket) {
      if (other.hash !== hash || other.fingerprint !== fingerprint) continue;
      if (other.from === delivery.from) return false;
      delivery.isSecond = true;
    }
    if (this.#size >= this.#buckets.length) this.#grow();
    this.#chain(delivery);
    delivery.previousInFlight = this.#last;
    if (this.#last === undefined) this.#first = delivery;
    else this.#last.nextInFlight = delivery;
    this.#last = delivery;
    this.#size += 1;
    return true;
  }

  /** Returns the delivery that `from` sent with this fingerprint. */
  find(fingerprint: string, from: string): Delivery | undefined {
    return this.#find(hashOf(fingerprint), fingerprint, from);
  }

  /**
   * Removes and returns the delivery that `from` sent with this fingerprint. Without `from`, the first delivery with
   * this fingerprint: an acknowledgement of a second one looks the same as a repeated acknowledgement of the first.
   */
  take(fingerprint: string, from: string | undefined): Delivery | undefined {
    const delivery = this.#find(hashOf(fingerprint), fingerprint, from);
    if (delivery !== undefined) this.#takeOut(delivery);
    return delivery;
  }

  remove(fingerprint: string, delivery: Delivery): void {
    if (this.#find(hashOf(fingerprint), fingerprint, delivery.from) === delivery) this.#takeOut(delivery);
  }

  /** Removes and returns all deliveries. */
  drain(): Delivery[] {
    const all = [...this.values()];
    for (const delivery of all) this.#takeOut(delivery);
    return all;
  }

  *values(): IterableIterator<Delivery> {
    for (let delivery = this.#first; delivery !== undefined; delivery = delivery.nextInFlight) yield delivery;
  }

  #find(hash: number, fingerprint: string, from: string | undefined): Delivery | undefined {
    let delivery = this.#buckets[hash & (this.#buckets.length - 1)];
    for (; delivery !== undefined; delivery = delivery.nextInBucket) {
      if (delivery.hash !== hash || delivery.fingerprint !== fingerprint) continue;
      if (from === undefined ? !delivery.isSecond : delivery.from === from) return delivery;
    }
    return undefined;
  }

  #chain(delivery: Delivery): void {
    const bucket = delivery.hash & (this.#buckets.length - 1);
    delivery.nextInBucket = this.#buckets[bucket];
    this.#buckets[bucket] = delivery;
  }

  /** Clears all links, so that a finished delivery keeps no other delivery alive. */
  #takeOut(delivery: Delivery): void {
    const bucket = delivery.hash & (this.#buckets.length - 1);
    let before = this.#buckets[bucket];
    if (before === delivery) this.#buckets[bucket] = delivery.nextInBucket;
    else {
      while (before !== undefined && before.nextInBucket !== delivery) before = before.nextInBucket;
      if (before !== undefined) before.nextInBucket = delivery.nextInBucket;
    }
    const { previousInFlight, nextInFlight } = delivery;
    if (previousInFlight === undefined) this.#first = nextInFlight;
    else previousInFlight.nextInFlight = nextInFlight;
    if (nextInFlight === undefined) this.#last = previousInFlight;
    else nextInFlight.previousInFlight = previousInFlight;
    delivery.nextInBucket = undefined;
    delivery.previousInFlight = undefined;
    delivery.nextInFlight = undefined;
    this.#size -= 1;
  }

  #grow(): void {
    this.#buckets = new Array(this.#buckets.length * 2).fill(undefined);
    for (let delivery = this.#first; delivery !== undefined; delivery = delivery.nextInFlight) {
      this.#chain(delivery);
    }
  }
}

/** Spreads fingerprints over buckets. A peer that makes them collide on purpose slows down only its own messages. */
function hashOf(fingerprint: string): number {
  let hash = fingerprint.length;
  for (let at = 0; at < fingerprint.length; at++) {
    hash = Math.imul(hash ^ fingerprint.charCodeAt(at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
