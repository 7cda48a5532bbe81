import { OutboxError } from '../errors.js';
import type { OutboxSource } from '../outbox.js';
import { recordIn } from './device-record.js';
import { outboxOn } from './durable-outbox.js';
import type { OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';

/** The storage API of a mini-program platform: `wx`, `uni` and `tt` provide it, `my` with `alipayStorage`. */
export interface SyncStorage {
  setStorageSync(key: string, value: string): void;
  getStorageSync(key: string): unknown;
  removeStorageSync(key: string): void;
  getStorageInfoSync(): { readonly keys: readonly string[] };
}

const PREFIX = 'imcore-outbox';

/**
 * Creates a durable outbox in the storage of a mini-program: `createClient({ outbox: storageOutbox(wx), … })`. Only one
 * client per user at a time. The platform limits the size (WeChat: 10 MB, 1 MB per entry).
 */
export function storageOutbox(storage: SyncStorage): OutboxSource {
  return outboxOn(syncStorage(storage));
}

/** A storage with one key per entry, so that writes are atomic. A number in the key defines the order. */
export function syncStorage(storage: SyncStorage): OutboxStorage {
  const open = async (name: string): Promise<StorageBox> =>
    guarded(() => {
      requireWorkingStorage(storage);
      return new SyncBox(storage, `${PREFIX}:${name}:`);
    });
  return { open, openRecord: async (name) => recordIn(await open(name)) };
}

class SyncBox implements StorageBox {
  readonly #storage: SyncStorage;
  readonly #prefix: string;
  /** The position of each entry, by key. */
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

  /** Returns undefined for an invalid entry. Throws if the platform does, since the entry may be readable later. */
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

/** Checks that values can be read back: a platform with a different API may ignore the arguments silently. */
function requireWorkingStorage(storage: SyncStorage): void {
  try {
    storage.setStorageSync(PREFIX, PREFIX);
  } catch {
    // The storage is full or cannot be written now; existing entries can still be read.
    return;
  }
  if (storage.getStorageSync(PREFIX) === PREFIX) return;
  throw new Error('values cannot be read back; on Alipay use alipayStorage(my)');
}

/** Converts exceptions. Platforms throw an `Error` or an object with `errMsg`; only its text says that storage is full. */
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
