import { createFingerprint } from '@imcore/protocol';
import { OutboxError } from '../errors.js';
import type { OutboxSource } from '../outbox.js';
import { createSystemRandom } from '../system-random.js';
import { outboxOn } from './durable-outbox.js';
import { EntryTable } from './entry-table.js';
import type { StoragePlatform } from './indexed-db-types.js';
import type { OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';
import { Ownership } from './ownership.js';
import { Sequence } from './sequence.js';
import { openTabRecord } from './tab-record.js';

/**
 * Creates a durable outbox in the browser's IndexedDB: `createClient({ outbox: indexedDbOutbox(), … })`. Accepted
 * messages survive a reload.
 *
 * Each tab has its own entries; the entries of a closed tab are adopted by another one. This requires Web Locks, which
 * are available on pages over HTTPS or from localhost. Otherwise all tabs share the entries, and a message may be sent
 * by two tabs, with the same fingerprint, so that its receiver detects the duplicate.
 *
 * Each tab is a device of its user: the first one that is open `<browser>/0`, the second one `<browser>/1`, and so on, up to
 * eight. Without Web Locks, and beyond eight, tabs have no device, and their level is `'v6'`.
 *
 * @param database Name of the database. Default `imcore-outbox`.
 */
export function indexedDbOutbox(database = 'imcore-outbox'): OutboxSource {
  return outboxOn(indexedDbStorage(database, globalThis as unknown as StoragePlatform));
}

/**
 * A storage in IndexedDB: one table of entries, each with its box and its owner. Records are entries without an owner.
 */
export function indexedDbStorage(database: string, platform: StoragePlatform): OutboxStorage {
  return {
    async open(name, adopted) {
      const owner = createFingerprint(createSystemRandom());
      const table = await EntryTable.open(database, platform.indexedDB);
      const box = new IndexedDbBox(name, owner, table);
      let isOpen = false;
      try {
        box.ownership = await Ownership.take(`${database}:${name}`, owner, platform, async (gone) => {
          const entries = await box.adopt(gone);
          if (isOpen && entries.length > 0) adopted(entries);
        });
        await box.adoptOrphans();
        isOpen = true;
        return box;
      } catch (cause) {
        await box.close();
        throw cause;
      }
    },
    openRecord: (name) => openTabRecord(database, name, platform),
  };
}

class IndexedDbBox implements StorageBox {
  ownership: Ownership | undefined;
  readonly #name: string;
  readonly #owner: string;
  readonly #table: EntryTable;
  readonly #sequence = new Sequence();
  #isClosed = false;

  constructor(name: string, owner: string, table: EntryTable) {
    this.#name = name;
    this.#owner = owner;
    this.#table = table;
  }

  list(): Promise<readonly StoredEntry[]> {
    return this.#run(async () => {
      const all = await this.#table.list(this.#name);
      return all.filter(({ owner }) => this.#isOwn(owner)).map(({ key, value }) => ({ key, value }));
    });
  }

  put(key: string, value: string): Promise<void> {
    return this.#run(() => this.#table.put({ name: this.#name, owner: this.#owner, key, value }));
  }

  remove(key: string): Promise<void> {
    return this.#run(() => this.#table.remove(this.#name, key));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#sequence.run(() => {
      this.#table.close();
      this.ownership?.release();
    });
  }

  /** Adopts the entries of owners that are gone, and watches the owners that are alive. */
  async adoptOrphans(): Promise<void> {
    const { ownership } = this;
    if (ownership === undefined) return;
    const owners = new Set((await this.#table.list(this.#name)).map(({ owner }) => owner));
    owners.delete(this.#owner);
    await Promise.all([...owners].map((owner) => ownership.watch(owner)));
  }

  /** Transfers the entries of another owner to this one. Returns them. */
  adopt(owner: string): Promise<StoredEntry[]> {
    return this.#run(() => this.#table.transfer(this.#name, owner, this.#owner));
  }

  #isOwn(owner: string): boolean {
    return this.ownership === undefined || owner === this.#owner;
  }

  #run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new OutboxError('ERR_OUTBOX_FAILED', 'the box is closed'));
    return this.#sequence.run(task);
  }
}
