/** The fields of a parsed object or array, checked when they are read. Methods throw if the field is missing or invalid. */
export class Fields {
  readonly #value: unknown;

  /** `value`: what `JSON.parse` has returned. */
  constructor(value: unknown) {
    this.#value = value;
  }

  /** The value itself, if it is a text; otherwise undefined. */
  get ownText(): string | undefined {
    return typeof this.#value === 'string' ? this.#value : undefined;
  }

  has(key: string | number): boolean {
    return this.#at(key) !== undefined;
  }

  isNumber(key: string | number): boolean {
    return typeof this.#at(key) === 'number';
  }

  text(key: string | number): string {
    const found = this.#at(key);
    return typeof found === 'string' ? found : invalid(key, found);
  }

  /** The name of a node. */
  name(key: string | number): string {
    const found = this.text(key);
    return /^[A-Za-z0-9_-]{1,64}$/.test(found) ? found : invalid(key, found);
  }

  /** A whole number. */
  integer(key: string | number): number {
    const found = this.#at(key);
    return typeof found === 'number' && Number.isSafeInteger(found) ? found : invalid(key, found);
  }

  /** A whole number from 0 on. */
  count(key: string | number): number {
    const found = this.integer(key);
    return found >= 0 ? found : invalid(key, found);
  }

  flag(key: string): boolean {
    const found = this.#at(key);
    return typeof found === 'boolean' ? found : invalid(key, found);
  }

  /** An array; `read` gets each item as the fields of the item. */
  list<Item>(key: string, read: (item: Fields) => Item): Item[] {
    const found = this.#at(key);
    return Array.isArray(found) ? found.map((item) => read(new Fields(item))) : invalid(key, found);
  }

  texts(key: string): string[] {
    const found = this.#at(key);
    if (!Array.isArray(found)) return invalid(key, found);
    return found.map((item) => (typeof item === 'string' ? item : invalid(key, item)));
  }

  #at(key: string | number): unknown {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string | number, unknown>)[key];
  }
}

function invalid(key: string | number, found: unknown): never {
  throw new TypeError(`${key} is ${typeof found}`);
}
