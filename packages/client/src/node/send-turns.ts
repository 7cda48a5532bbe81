import type { Turns } from '../transport.js';

/** The turns of a transport that keeps no order. */
export class SendTurns<Item> implements Turns<Item> {
  /** By key: the item that has begun, then those that wait. */
  readonly #lines = new Map<string, Set<Item>>();
  #next: Item[] = [];

  begin(key: string, item: Item): boolean {
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, new Set([item]));
    else line.add(item);
    return line === undefined;
  }

  end(key: string, item: Item): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    const [first] = line;
    line.delete(item);
    if (first !== item) return;
    this.#next = this.#next.filter((other) => other !== item);
    const [next] = line;
    if (next === undefined) this.#lines.delete(key);
    else this.#next.push(next);
  }

  takeNext(): Item[] {
    const next = this.#next;
    this.#next = [];
    return next;
  }
}
