/** The part of IndexedDB that is used. */
export interface DatabaseFactory {
  open(name: string, version: number): OpenRequest;
}

export interface DatabaseRequest<Result> {
  readonly result: Result;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

interface OpenRequest extends DatabaseRequest<Database> {
  onupgradeneeded: (() => void) | null;
  onblocked: (() => void) | null;
}

export interface Database {
  onversionchange: (() => void) | null;
  createObjectStore(name: string, options: { keyPath: string; autoIncrement: boolean }): ObjectStore;
  transaction(store: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): Transaction;
  close(): void;
}

interface Transaction {
  readonly error: unknown;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  objectStore(name: string): ObjectStore;
}

interface Index {
  get(key: unknown): DatabaseRequest<unknown>;
  getAll(key: unknown): DatabaseRequest<unknown[]>;
}

export interface ObjectStore {
  createIndex(name: string, keyPath: string | readonly string[], options?: { unique: boolean }): unknown;
  index(name: string): Index;
  put(value: unknown): DatabaseRequest<unknown>;
  delete(key: unknown): DatabaseRequest<unknown>;
}

/** The part of the Web Locks API (`navigator.locks`) that is used. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: unknown; readonly ifAvailable?: boolean },
    run: (lock: unknown) => Promise<unknown>,
  ): Promise<unknown>;
}

/** The part of a `BroadcastChannel` that is used. */
export interface Channel {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(data: unknown): void;
  close(): void;
}

/** The platform's APIs; each may be missing. */
export interface StoragePlatform {
  readonly indexedDB?: DatabaseFactory;
  readonly navigator?: { readonly locks?: Locks };
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly AbortController?: new () => { readonly signal: unknown; abort(): void };
}
