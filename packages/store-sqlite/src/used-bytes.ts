import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** What a message takes in the file in addition to its body and its ids: other columns, indexes, its key. Measured: 170. */
const ROW_OVERHEAD = 200;

/**
 * The bytes of a file that are in use: waiting messages, dead letters, history, keys, indexes. SQLite counts the pages, so that
 * no row is read. A deleted body frees its pages; a key frees its page when all others in it are gone.
 */
export class UsedBytes {
  readonly #pages: Statement;
  readonly #pageBytes: number;
  #bytes = 0;

  constructor(database: Database) {
    this.#pages = database.prepare(
      'SELECT page_count - freelist_count AS used FROM pragma_page_count, pragma_freelist_count',
    );
    this.#pageBytes = numberOf(database.prepare('SELECT page_size FROM pragma_page_size').get(), 'page_size');
  }

  /** Begins a transaction. */
  begin(): void {
    this.#bytes = numberOf(this.#pages.get(), 'used') * this.#pageBytes;
  }

  /** Whether a row of these columns, with a body of so many bytes, would exceed a limit. */
  exceeds(limit: number, ids: readonly string[], bodyBytes: number): boolean {
    return this.#bytes + sizeOf(ids, bodyBytes) > limit;
  }

  /** A row was added in this transaction. */
  add(ids: readonly string[], bodyBytes: number): void {
    this.#bytes += sizeOf(ids, bodyBytes);
  }
}

/** The receiver is in two indexes, too. */
function sizeOf([receiver = '', ...others]: readonly string[], bodyBytes: number): number {
  const ids = others.reduce((sum, id) => sum + id.length, 2 * receiver.length);
  return bodyBytes + ids + ROW_OVERHEAD;
}
