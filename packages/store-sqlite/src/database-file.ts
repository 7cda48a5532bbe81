import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { markOnPage, rootPageOf } from './database-pages.js';
import type { Mark } from './mark.js';

const MAGIC = 'SQLite format 3\0';
/** Assumed if the first page is damaged. */
const DEFAULT_PAGE_BYTES = 4096;

/** What the database file contains without its log. */
export interface BaseContents {
  /** Whole pages in the file; 0 if it is empty or does not exist. */
  readonly pageCount: number;
  /** `'none'`: it has no totals, or they have no mark yet. `'unreadable'`: a page on the way to the mark is damaged. */
  readonly mark: Mark | 'none' | 'unreadable';
  /** The pages that were read on the way to the mark. */
  readonly pagesRead: ReadonlySet<number>;
}

/** Reads the mark of a database file without SQLite, which would apply the log to it. */
export function readBase(file: string): BaseContents {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return { pageCount: 0, mark: 'none', pagesRead: new Set() };
  }
  try {
    return contentsOf(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function contentsOf(descriptor: number): BaseContents {
  const { size } = fstatSync(descriptor);
  const pagesRead = new Set([1]);
  const header = Buffer.alloc(100);
  readSync(descriptor, header, 0, header.length, 0);
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const isDatabase = header.toString('latin1', 0, 16) === MAGIC && pageBytes >= 512;
  if (!isDatabase) {
    const pageCount = Math.ceil(size / DEFAULT_PAGE_BYTES);
    return { pageCount, mark: size === 0 ? 'none' : 'unreadable', pagesRead };
  }
  const pageOf = (page: number): Buffer => {
    pagesRead.add(page);
    const bytes = Buffer.alloc(pageBytes);
    const read = readSync(descriptor, bytes, 0, pageBytes, (page - 1) * pageBytes);
    if (read !== pageBytes) throw new RangeError(`page ${page} is not in the file`);
    return bytes;
  };
  return { pageCount: Math.floor(size / pageBytes), mark: markIn(pageOf), pagesRead };
}

function markIn(pageOf: (page: number) => Buffer): BaseContents['mark'] {
  try {
    const root = rootPageOf('total', pageOf);
    if (root === undefined) return 'none';
    return markOnPage(pageOf(root)) ?? 'unreadable';
  } catch {
    return 'unreadable';
  }
}
