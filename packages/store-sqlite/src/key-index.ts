import type { MessageId } from '@imcore/server/ports';
import { FILTER_KEYS, KeyFilters } from './key-filters.js';
import { bytesOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** Keys in one generation of the index. A filter covers several. */
export const GENERATION_KEYS = 8192;
const GENERATIONS_PER_FILTER = FILTER_KEYS / GENERATION_KEYS;

const HASH_BYTES = 16;
/** Keys that one statement adds at most. */
const MAX_PENDING = 4096;

/**
 * Index of the messages that this store knows, by the hash of their keys.
 *
 * Hashes are random, so a single index would change in a different page for each message: the larger it is, the more
 * pages each commit writes. The index is therefore split into generations of 8192 ids, and only the newest is written
 * to. Filters in memory recognize most unknown keys.
 *
 * The keys of a transaction are gathered and added by one statement: a call for each would cost more than the rest of it.
 */
export class KeyIndex {
  readonly #filters = new KeyFilters();
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #remove: Statement;
  readonly #removeAll: Statement;
  readonly #next: Statement;
  readonly #first: Statement;
  readonly #saved: Statement;
  readonly #saveFilter: Statement;
  readonly #removeFilter: Statement;
  /** The newest filter. */
  #newest = -1;
  /** Hashes of messages with consecutive ids that are not in the index yet. */
  readonly #pending = Buffer.alloc(MAX_PENDING * HASH_BYTES);
  #pendingCount = 0;
  #lastPendingId = 0;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT id FROM message_key WHERE generation = ? AND hash = ?');
    this.#insert = database.prepare(
      `INSERT INTO message_key (generation, hash, id)
       SELECT id / ${GENERATION_KEYS}, substr(?1, 1 + ${HASH_BYTES} * (id - ?2), ${HASH_BYTES}), id
       FROM message WHERE id BETWEEN ?2 AND ?3`,
    );
    this.#remove = database.prepare('DELETE FROM message_key WHERE generation = ? AND hash = ?');
    this.#removeAll = database.prepare(
      `DELETE FROM message_key WHERE generation = ?1
       AND hash IN (SELECT substr(?2, 1 + ${HASH_BYTES} * key, ${HASH_BYTES}) FROM json_each(?3))`,
    );
    this.#next = database.prepare(
      'SELECT generation FROM message_key WHERE generation > ? ORDER BY generation LIMIT 1',
    );
    this.#first = database.prepare('SELECT 1 FROM message_key WHERE generation BETWEEN ? AND ? LIMIT 1');
    this.#saved = database.prepare('SELECT generation FROM key_filter');
    this.#saveFilter = database.prepare('INSERT OR REPLACE INTO key_filter (generation, bits) VALUES (?, ?)');
    this.#removeFilter = database.prepare('DELETE FROM key_filter WHERE generation = ?');
    this.#load(database);
  }

  /** The id of a known message; undefined for a new one. */
  find(hash: Buffer): MessageId | undefined {
    for (const filter of this.#filters.candidates(hash)) {
      this.flush();
      const [first, last] = generationsOf(filter);
      for (let generation = last; generation >= first; generation--) {
        const row = this.#find.get(generation, hash);
        if (row !== undefined) return numberOf(row, 'id');
      }
    }
    return undefined;
  }

  /**
   * Inside a transaction, after the message was inserted. Call {@link flush} before the commit. If the transaction is rolled
   * back, call {@link discard}; the filter then has one more false positive, which is harmless.
   */
  add(hash: Buffer, id: MessageId): void {
    const filter = filterOf(id);
    if (filter !== this.#newest) this.#begin(filter);
    this.#filters.add(filter, hash);
    if (this.#pendingCount === MAX_PENDING || id !== this.#lastPendingId + 1) this.flush();
    hash.copy(this.#pending, this.#pendingCount * HASH_BYTES);
    this.#pendingCount += 1;
    this.#lastPendingId = id;
  }

  /** Writes the keys that were added. */
  flush(): void {
    const count = this.#pendingCount;
    if (count === 0) return;
    this.#pendingCount = 0;
    const hashes = this.#pending.subarray(0, count * HASH_BYTES);
    this.#insert.run(hashes, this.#lastPendingId - count + 1, this.#lastPendingId);
  }

  /** Forgets the keys that were added and not written. */
  discard(): void {
    this.#pendingCount = 0;
  }

  /** Removes keys with ids in growing order. */
  removeAll(keys: readonly { readonly hash: Buffer; readonly id: MessageId }[]): void {
    this.flush();
    for (let from = 0; from < keys.length; ) {
      const generation = generationOf(keys[from]?.id ?? 0);
      let to = from + 1;
      while (to < keys.length && generationOf(keys[to]?.id ?? 0) === generation) to += 1;
      const hashes = keys.slice(from, to).map(({ hash }) => hash);
      const [only] = hashes;
      if (only !== undefined && hashes.length === 1) this.#remove.run(generation, only);
      else this.#removeAll.run(generation, Buffer.concat(hashes), `[${'0,'.repeat(hashes.length - 1)}0]`);
      from = to;
    }
  }

  /**
   * Removes the filters that cover no keys any more. Outside of transactions, because it must not see deletions that
   * may be rolled back. Returns the numbers of saved filters that can be deleted.
   */
  prune(): readonly number[] {
    for (const filter of this.#filters.generations()) {
      if (filter !== this.#newest && this.#first.get(...generationsOf(filter)) === undefined)
        this.#filters.remove(filter);
    }
    return this.#saved
      .all()
      .map((row) => numberOf(row, 'generation'))
      .filter((filter) => !this.#filters.has(filter));
  }

  /** Deletes saved filters that {@link prune} has returned. Inside a transaction. */
  deleteSaved(filters: readonly number[]): void {
    for (const filter of filters) this.#removeFilter.run(filter);
  }

  /**
   * Saves a complete filter, so that it need not be rebuilt at startup. After a rollback the newest filter may be an older
   * one again; then none is complete.
   */
  #begin(filter: number): void {
    if (this.#filters.has(this.#newest) && filter > this.#newest)
      this.#saveFilter.run(this.#newest, this.#filters.bitsOf(this.#newest));
    if (!this.#filters.has(filter)) this.#filters.begin(filter);
    this.#newest = filter;
  }

  /** Loads the saved filters and rebuilds the newest, which is not saved. */
  #load(database: Database): void {
    const read = database.prepare('SELECT bits FROM key_filter WHERE generation = ?');
    const hashes = database.prepare('SELECT hash FROM message_key WHERE generation BETWEEN ? AND ?');
    let row = this.#next.get(-1);
    while (row !== undefined) {
      this.#newest = Math.floor(numberOf(row, 'generation') / GENERATIONS_PER_FILTER);
      const [first, last] = generationsOf(this.#newest);
      row = this.#next.get(last);
      const saved = row === undefined ? undefined : read.get(this.#newest);
      this.#filters.begin(this.#newest, saved === undefined ? undefined : bytesOf(saved, 'bits'));
      if (saved !== undefined) continue;
      for (const each of hashes.all(first, last)) this.#filters.add(this.#newest, bytesOf(each, 'hash'));
    }
  }
}

function generationOf(id: MessageId): number {
  return Math.floor(id / GENERATION_KEYS);
}

/** The number of the filter that covers an id's key. */
function filterOf(id: MessageId): number {
  return Math.floor(id / FILTER_KEYS);
}

/** The first and the last generation that a filter covers. */
function generationsOf(filter: number): [first: number, last: number] {
  return [filter * GENERATIONS_PER_FILTER, (filter + 1) * GENERATIONS_PER_FILTER - 1];
}
