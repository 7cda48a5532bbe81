/** How long an expected item may take by default, in milliseconds. */
const DEADLINE_MS = 10_000;

interface Waiting<Item> {
  readonly matches: (item: Item) => boolean;
  readonly resolve: (item: Item) => void;
}

/** Items in the order of arrival, and who waits for further ones. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  #waiting: Waiting<Item>[] = [];

  push(item: Item): void {
    this.items.push(item);
    const found = this.#waiting.filter(({ matches }) => matches(item));
    this.#waiting = this.#waiting.filter((waiting) => !found.includes(waiting));
    for (const { resolve } of found) resolve(item);
  }

  /** The first matching item, past or future. @throws Error when none arrives in time. */
  async first(matches: (item: Item) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<Item> {
    return this.items.find(matches) ?? (await this.next(matches, what, deadlineMs));
  }

  /** The next matching item from now on. @throws Error when none arrives in time. */
  async next(matches: (item: Item) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<Item> {
    return await new Promise<Item>((resolve, reject) => {
      const waiting: Waiting<Item> = {
        matches,
        resolve: (item) => {
          clearTimeout(timer);
          resolve(item);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        const last = JSON.stringify(this.items.slice(-5));
        reject(
          new Error(`no ${what} within ${deadlineMs} ms; the last of ${this.items.length} items: ${last}`),
        );
      }, deadlineMs);
      this.#waiting.push(waiting);
    });
  }

  /** Waits until `number` items match. */
  async count(
    matches: (item: Item) => boolean,
    number: number,
    what: string,
    deadlineMs = DEADLINE_MS,
  ): Promise<void> {
    const has = () => this.items.filter(matches).length >= number;
    if (!has()) await this.next(has, `${number} × ${what}`, deadlineMs);
  }
}
