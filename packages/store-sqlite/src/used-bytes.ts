import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** What a message takes in the file in addition to its body and its ids: other columns, indexes, its key. Measured: 170. */
const ROW_OVERHEAD = 200;

/** Bytes of new rows after which the pages are counted again. */
const COUNT_AFTER_BYTES = 1024 * 1024;

/** The part of the limit from which on the pages are counted in each transaction. */
const NEAR = 3 / 4;

/**
 * The bytes of a file that are in use: waiting messages, dead letters, history, keys, indexes. SQLite counts the pages, so that
 * no row is read. A deleted body frees its pages; a key frees its page when all others in it are gone.
 *
 * Between two counts the sizes of new rows are added, without what pages round up. SQLite is asked again when many bytes were
 * added, and in each transaction near the limit: far below it, a transaction costs nothing.
 */
export class UsedBytes {
  readonly #pages: Statement;
  readonly #pageBytes: number;
  /** The pages at the last count, and the rows since then, in bytes. */
  #bytes: number;
  #added = 0;
  /** Whether the pages were counted in this transaction. */
  #isCounted = true;

  constructor(database: Database) {
    this.#pages = database.prepare(
      'SELECT page_count - freelist_count AS used FROM pragma_page_count, pragma_freelist_count',
    );
    this.#pageBytes = numberOf(database.prepare('SELECT page_size FROM pragma_page_size').get(), 'page_size');
    this.#bytes = this.#count();
  }

  /** Begins a transaction. */
  begin(): void {
    this.#isCounted = false;
  }

  /** Whether a row of {@link rowBytes} would exceed a limit. */
  exceeds(limit: number, bytes: number): boolean {
    const isDue = this.#added > COUNT_AFTER_BYTES || this.#bytes + this.#added + bytes > NEAR * limit;
    if (isDue && !this.#isCounted) {
      this.#bytes = this.#count();
      this.#added = 0;
      this.#isCounted = true;
    }
    return this.#bytes + this.#added + bytes > limit;
  }

  /** A row of {@link rowBytes} was added in this transaction. */
  add(bytes: number): void {
    this.#added += bytes;
  }

  #count(): number {
    return numberOf(this.#pages.get(), 'used') * this.#pageBytes;
  }
}

/** What a message with such columns takes in the file, in bytes. */
export function rowBytes(receiver: string, sender: string, fingerprint: string, bodyBytes: number): number {
  // The receiver is in two indexes, too.
  return 2 * receiver.length + sender.length + fingerprint.length + bodyBytes + ROW_OVERHEAD;
}
