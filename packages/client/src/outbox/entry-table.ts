import { OutboxError } from '../errors.js';
import type { Database, DatabaseFactory, DatabaseRequest, ObjectStore } from './indexed-db-types.js';
import type { StoredEntry } from './outbox-storage.js';

/** A stored entry; `id` defines the order. */
interface OwnedEntry extends StoredEntry {
  readonly id?: number;
  readonly name: string;
  readonly owner: string;
}

const STORE = 'entries';
const BY_NAME = 'name';
const BY_KEY = 'key';

/**
 * The entries of all boxes in one IndexedDB database. Browsers may close the database of a background page, so a failed
 * transaction is retried once after reopening it.
 */
export class EntryTable {
  readonly #open: () => Promise<Database>;
  #database: Database;
  #isClosed = false;

  private constructor(open: () => Promise<Database>, database: Database) {
    this.#open = open;
    this.#database = database;
  }

  /** @throws OutboxError `ERR_OUTBOX_FAILED` */
  static async open(name: string, factory: DatabaseFactory | undefined): Promise<EntryTable> {
    const open = (): Promise<Database> => openDatabase(name, factory);
    return new EntryTable(open, await open());
  }

  /** Returns the entries of a box, of all owners, oldest first. */
  list(name: string): Promise<OwnedEntry[]> {
    return this.#transactWithRetry('readonly', (store) => entriesOf(store, name));
  }

  put(entry: OwnedEntry): Promise<void> {
    return this.#transactWithRetry('readwrite', async (store) => {
      const known = (await answerOf(store.index(BY_KEY).get([entry.name, entry.key]))) as
        | OwnedEntry
        | undefined;
      store.put(known === undefined ? entry : { ...entry, id: known.id });
    });
  }

  remove(name: string, key: string): Promise<void> {
    return this.#transactWithRetry('readwrite', async (store) => {
      const known = (await answerOf(store.index(BY_KEY).get([name, key]))) as OwnedEntry | undefined;
      if (known !== undefined) store.delete(known.id);
    });
  }

  /** Transfers the entries of one owner to another. Returns them, oldest first. */
  transfer(name: string, from: string, to: string): Promise<OwnedEntry[]> {
    return this.#transactWithRetry('readwrite', async (store) => {
      const transferred = (await entriesOf(store, name)).filter(({ owner }) => owner === from);
      for (const entry of transferred) store.put({ ...entry, owner: to });
      return transferred;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#database.close();
  }

  /** Runs a transaction; resolves when it is on disk. Reopens the database and retries once if it fails. */
  async #transactWithRetry<Result>(
    mode: 'readonly' | 'readwrite',
    act: (store: ObjectStore) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#transact(mode, act);
    } catch (error) {
      if (this.#isClosed || (error as OutboxError).code === 'ERR_OUTBOX_FULL') throw error;
      this.#database.close();
      this.#database = await this.#open();
      return this.#transact(mode, act);
    }
  }

  #transact<Result>(
    mode: 'readonly' | 'readwrite',
    act: (store: ObjectStore) => Promise<Result>,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const transaction = this.#database.transaction(STORE, mode, { durability: 'strict' });
      const result = act(transaction.objectStore(STORE));
      result.catch(reject);
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(databaseError(transaction.error));
    }).catch((cause) => {
      throw databaseError(cause);
    });
  }
}

/** Returns the entries of a name, oldest first: an index has equal keys in the order of the ids. */
function entriesOf(store: ObjectStore, name: string): Promise<OwnedEntry[]> {
  return answerOf(store.index(BY_NAME).getAll(name)) as Promise<OwnedEntry[]>;
}

/** @throws OutboxError `ERR_OUTBOX_FAILED` */
function openDatabase(name: string, factory: DatabaseFactory | undefined): Promise<Database> {
  return new Promise((resolve, reject) => {
    if (factory === undefined) throw new OutboxError('ERR_OUTBOX_FAILED', 'this platform has no IndexedDB');
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: 'id', autoIncrement: true });
      store.createIndex(BY_NAME, 'name');
      store.createIndex(BY_KEY, ['name', 'key'], { unique: true });
    };
    request.onsuccess = () => {
      const { result } = request;
      // Another version of the page wants to change the schema: close, so that later calls fail.
      result.onversionchange = () => result.close();
      resolve(result);
    };
    request.onerror = () => reject(databaseError(request.error));
  });
}

function answerOf<Result>(request: DatabaseRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(databaseError(request.error));
  });
}

function databaseError(cause: unknown): OutboxError {
  if (cause instanceof OutboxError) return cause;
  const { name, message } = (cause ?? {}) as { name?: string; message?: string };
  const code = name === 'QuotaExceededError' ? 'ERR_OUTBOX_FULL' : 'ERR_OUTBOX_FAILED';
  return new OutboxError(code, `IndexedDB failed: ${message ?? name ?? 'aborted'}`, { cause });
}
