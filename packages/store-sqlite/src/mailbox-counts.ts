/** Users whose counts are kept at hand. */
const MAX_KEPT = 50_000;

/** How many messages wait for whom, as far as lately asked: counting rows for each append would cost more than it. */
export class MailboxCounts {
  readonly #max: number;
  readonly #countRows: (userId: string) => number;
  readonly #counts = new Map<string, number>();

  constructor(maxPerUser: number, countRows: (userId: string) => number) {
    this.#max = maxPerUser;
    this.#countRows = countRows;
  }

  hasRoom(userId: string): boolean {
    let count = this.#counts.get(userId);
    if (count === undefined) {
      count = this.#countRows(userId);
      if (this.#counts.size >= MAX_KEPT) this.#counts.clear();
      this.#counts.set(userId, count);
    }
    return count < this.#max;
  }

  added(userId: string): void {
    this.#change(userId, 1);
  }

  removed(userId: string): void {
    this.#change(userId, -1);
  }

  /** After a transaction that did not happen: what was counted may be wrong. */
  forget(): void {
    this.#counts.clear();
  }

  #change(userId: string, by: number): void {
    const count = this.#counts.get(userId);
    if (count !== undefined) this.#counts.set(userId, count + by);
  }
}
