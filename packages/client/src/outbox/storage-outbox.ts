import { OutboxError } from '../errors.js';
import type { OutboxSource } from '../outbox.js';
import { outboxOn } from './outbox-keeper.js';
import type { OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';

/** The part of a mini-program's platform that keeps data: `wx`, `uni` and `tt` have it just so, `my` by `alipayStorage`. */
export interface SyncStorage {
  setStorageSync(key: string, value: string): void;
  getStorageSync(key: string): unknown;
  removeStorageSync(key: string): void;
  getStorageInfoSync(): { readonly keys: readonly string[] };
}

const PREFIX = 'imcore-outbox';

/**
 * An outbox in the storage of a mini-program: `createClient({ outbox: storageOutbox(wx), … })`. One client of a user at
 * a time; the platform bounds the room (WeChat: 10 MB, 1 MB an entry).
 */
export function storageOutbox(storage: SyncStorage): OutboxSource {
  return outboxOn(syncStorage(storage));
}

/** Keeps each entry under a key of its own, whose number says where it stands: one write is all or nothing. */
export function syncStorage(storage: SyncStorage): OutboxStorage {
  return {
    async open(name) {
      return guarded(() => {
        requireMemory(storage);
        return new SyncBox(storage, `${PREFIX}:${name}:`);
      });
    },
  };
}

class SyncBox implements StorageBox {
  readonly #storage: SyncStorage;
  readonly #prefix: string;
  /** Where each entry stands. */
  readonly #places = new Map<string, number>();
  #lastPlace = 0;
  #isClosed = false;

  constructor(storage: SyncStorage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
    const places = storage
      .getStorageInfoSync()
      .keys.filter((key) => key.startsWith(prefix) && /^\d+$/.test(key.slice(prefix.length)))
      .map((key) => Number(key.slice(prefix.length)))
      .sort((a, b) => a - b);
    for (const place of places) {
      const entry = this.#read(place);
      if (entry === undefined) storage.removeStorageSync(`${prefix}${place}`);
      else this.#places.set(entry.key, place);
      this.#lastPlace = place;
    }
  }

  async list(): Promise<readonly StoredEntry[]> {
    return this.#act(() => [...this.#places.values()].flatMap((place) => this.#read(place) ?? []));
  }

  async put(key: string, value: string): Promise<void> {
    this.#act(() => {
      const place = this.#places.get(key) ?? this.#lastPlace + 1;
      this.#storage.setStorageSync(`${this.#prefix}${place}`, JSON.stringify([key, value]));
      this.#lastPlace = Math.max(this.#lastPlace, place);
      this.#places.set(key, place);
    });
  }

  async remove(key: string): Promise<void> {
    this.#act(() => {
      const place = this.#places.get(key);
      if (place === undefined) return;
      this.#storage.removeStorageSync(`${this.#prefix}${place}`);
      this.#places.delete(key);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #act<Result>(act: () => Result): Result {
    if (this.#isClosed) throw new OutboxError('ERR_OUTBOX_FAILED', 'the box is closed');
    return guarded(act);
  }

  /** Undefined for what is no entry. Throws where the platform does: what it cannot read now may be one. */
  #read(place: number): StoredEntry | undefined {
    const text = String(this.#storage.getStorageSync(`${this.#prefix}${place}`));
    try {
      const [key, value]: unknown[] = JSON.parse(text);
      return typeof key === 'string' && typeof value === 'string' ? { key, value } : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A platform whose calls take something else may forget what it is given without a word. */
function requireMemory(storage: SyncStorage): void {
  try {
    storage.setStorageSync(PREFIX, PREFIX);
  } catch {
    // It is full, or cannot write now; what it has can be read all the same.
    return;
  }
  if (storage.getStorageSync(PREFIX) === PREFIX) return;
  throw new Error('it does not give back what it was given; the storage of Alipay is alipayStorage(my)');
}

/** Platforms throw an `Error` or an object with `errMsg`, and say in words only that there is no room. */
function guarded<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    const text = String((cause as { errMsg?: unknown })?.errMsg ?? cause);
    const isFull = /exceed|quota|limit|full/i.test(text);
    throw new OutboxError(isFull ? 'ERR_OUTBOX_FULL' : 'ERR_OUTBOX_FAILED', `the storage failed: ${text}`, {
      cause,
    });
  }
}
