import type { StoreId } from '@imcore/server/ports';
import { FILTER_KEYS, KeyFilters } from './key-filters.js';
import { bytesOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/**
 * Index of the messages that this store knows, by the hash of their keys.
 *
 * Hashes are random, so a single index would change in a different page for each message: the larger it is, the more
 * pages each commit writes. The index is therefore split into generations of 32 768 ids, and only the newest is written
 * to. Filters in memory recognize most unknown keys.
 */
export class KeyIndex {
  readonly #filters = new KeyFilters();
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #move: Statement;
  readonly #remove: Statement;
  readonly #next: Statement;
  readonly #first: Statement;
  readonly #saved: Statement;
  readonly #saveFilter: Statement;
  readonly #removeFilter: Statement;
  #newest = -1;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT id FROM message_key WHERE generation = ? AND hash = ?');
    this.#insert = database.prepare('INSERT INTO message_key (generation, hash, id) VALUES (?, ?, ?)');
    this.#move = database.prepare('UPDATE message_key SET id = ? WHERE generation = ? AND hash = ?');
    this.#remove = database.prepare('DELETE FROM message_key WHERE generation = ? AND hash = ?');
    this.#next = database.prepare(
      'SELECT generation FROM message_key WHERE generation > ? ORDER BY generation LIMIT 1',
    );
    this.#first = database.prepare('SELECT 1 FROM message_key WHERE generation = ? LIMIT 1');
    this.#saved = database.prepare('SELECT generation FROM key_filter');
    this.#saveFilter = database.prepare('INSERT OR REPLACE INTO key_filter (generation, bits) VALUES (?, ?)');
    this.#removeFilter = database.prepare('DELETE FROM key_filter WHERE generation = ?');
    this.#load(database);
  }

  /** The id of a known message; undefined for a new one. */
  find(hash: Buffer): StoreId | undefined {
    for (const generation of this.#filters.candidates(hash)) {
      const row = this.#find.get(generation, hash);
      if (row !== undefined) return numberOf(row, 'id');
    }
    return undefined;
  }

  /** Inside a transaction. If it is rolled back, the filter has one more false positive, which is harmless. */
  add(hash: Buffer, id: StoreId): void {
    const generation = generationOf(id);
    if (generation !== this.#newest) this.#begin(generation);
    this.#filters.add(generation, hash);
    this.#insert.run(generation, hash, id);
  }

  /** Changes the id of a message. `origin` is its first id. */
  move(hash: Buffer, origin: StoreId, id: StoreId): void {
    this.#move.run(id, generationOf(origin), hash);
  }

  remove(hash: Buffer, origin: StoreId): void {
    this.#remove.run(generationOf(origin), hash);
  }

  /**
   * Removes the filters of generations that hold no keys. Outside of transactions, because it must not see deletions that
   * may be rolled back. Returns the generations whose saved filters can be deleted.
   */
  prune(): readonly number[] {
    for (const generation of this.#filters.generations()) {
      if (generation !== this.#newest && this.#first.get(generation) === undefined)
        this.#filters.remove(generation);
    }
    return this.#saved
      .all()
      .map((row) => numberOf(row, 'generation'))
      .filter((generation) => !this.#filters.has(generation));
  }

  /** Deletes saved filters that {@link prune} has returned. Inside a transaction. */
  deleteSaved(generations: readonly number[]): void {
    for (const generation of generations) this.#removeFilter.run(generation);
  }

  /**
   * Saves the filter of a complete generation, so that it need not be rebuilt at startup. After a rollback the newest
   * generation may be an older one again; then no generation is complete.
   */
  #begin(generation: number): void {
    if (this.#filters.has(this.#newest) && generation > this.#newest)
      this.#saveFilter.run(this.#newest, this.#filters.bitsOf(this.#newest));
    if (!this.#filters.has(generation)) this.#filters.begin(generation);
    this.#newest = generation;
  }

  /** Loads the saved filters and rebuilds that of the newest generation, which is not saved. */
  #load(database: Database): void {
    const read = database.prepare('SELECT bits FROM key_filter WHERE generation = ?');
    const hashes = database.prepare('SELECT hash FROM message_key WHERE generation = ?');
    let row = this.#next.get(-1);
    while (row !== undefined) {
      this.#newest = numberOf(row, 'generation');
      row = this.#next.get(this.#newest);
      const saved = row === undefined ? undefined : read.get(this.#newest);
      this.#filters.begin(this.#newest, saved === undefined ? undefined : bytesOf(saved, 'bits'));
      if (saved !== undefined) continue;
      for (const each of hashes.all(this.#newest)) this.#filters.add(this.#newest, bytesOf(each, 'hash'));
    }
  }
}

function generationOf(id: StoreId): number {
  return Math.floor(id / FILTER_KEYS);
}
