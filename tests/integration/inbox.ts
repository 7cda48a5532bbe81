/** How long something that must come may take, in milliseconds. */
const DEADLINE_MS = 10_000;

interface Waiting<Item> {
  readonly isIt: (item: Item) => boolean;
  readonly resolve: (item: Item) => void;
}

/** What has come, in order, and who waits for what is still to come. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  #waiting: Waiting<Item>[] = [];

  push(item: Item): void {
    this.items.push(item);
    const found = this.#waiting.filter(({ isIt }) => isIt(item));
    this.#waiting = this.#waiting.filter((waiting) => !found.includes(waiting));
    for (const { resolve } of found) resolve(item);
  }

  /** The first item that is it, from those that came already or come yet. @throws Error when none comes in time. */
  async first(isIt: (item: Item) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<Item> {
    return this.items.find(isIt) ?? (await this.next(isIt, what, deadlineMs));
  }

  /** The next item that is it, of those that come yet. */
  async next(isIt: (item: Item) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<Item> {
    return await new Promise<Item>((resolve, reject) => {
      const waiting: Waiting<Item> = {
        isIt,
        resolve: (item) => {
          clearTimeout(timer);
          resolve(item);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        const last = JSON.stringify(this.items.slice(-5));
        reject(
          new Error(
            `within ${deadlineMs} ms there was no ${what}; the last of ${this.items.length}: ${last}`,
          ),
        );
      }, deadlineMs);
      this.#waiting.push(waiting);
    });
  }

  /** Waits until so many are it. */
  async count(
    isIt: (item: Item) => boolean,
    number: number,
    what: string,
    deadlineMs = DEADLINE_MS,
  ): Promise<void> {
    const has = () => this.items.filter(isIt).length >= number;
    if (!has()) await this.next(has, `${number} × ${what}`, deadlineMs);
  }
}
