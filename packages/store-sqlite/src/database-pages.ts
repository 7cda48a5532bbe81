import { type Mark, readMark } from './mark.js';

/** A value of a row; text that does not fit into its page is `undefined`. */
type Value = number | Buffer | string | undefined;

/** Kinds of b-tree pages of a table. */
const LEAF = 0x0d;
const INTERIOR = 0x05;
/** Page 1 begins with the header of the file. */
const FILE_HEADER_BYTES = 100;
const MAX_DEPTH = 20;

/** Columns of the table of totals, without the mark. */
const TOTAL_COLUMNS = 5;

/** The first column of the schema. */
const KINDS: readonly unknown[] = ['table', 'index', 'view', 'trigger'];
const SCHEMA_COLUMNS = 5;

/**
 * Reads the mark from the page that holds the totals, without SQLite. `'none'`: the file is of a version without marks.
 * Returns `undefined` for every other page, and for a damaged one.
 *
 * @see https://sqlite.org/fileformat2.html#b_tree_pages
 */
export function markOnPage(page: Buffer): Mark | 'none' | undefined {
  if (page[0] !== LEAF || page.readUInt16BE(3) !== 1) return undefined;
  try {
    const [row = []] = rowsOf(page, 0);
    if (row.length === TOTAL_COLUMNS) return 'none';
    const value = row[TOTAL_COLUMNS];
    return Buffer.isBuffer(value) ? readMark(value) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The first page of a table, without SQLite. Returns `undefined` if there is no such table.
 *
 * @param pageOf returns a page by its number
 * @throws RangeError when a page is damaged
 */
export function rootPageOf(table: string, pageOf: (page: number) => Buffer): number | undefined {
  for (const [, name, , root] of schemaRows(pageOf, 1, MAX_DEPTH))
    if (name === table && typeof root === 'number') return root;
  return undefined;
}

function schemaRows(pageOf: (page: number) => Buffer, number: number, depth: number): readonly Value[][] {
  if (depth === 0) throw new RangeError('the schema is too deep');
  const page = pageOf(number);
  const start = number === 1 ? FILE_HEADER_BYTES : 0;
  if (page[start] === LEAF) {
    const rows = rowsOf(page, start);
    const isSchema = rows.every((row) => row.length === SCHEMA_COLUMNS && KINDS.includes(row[0]));
    if (!isSchema) throw new RangeError(`page ${number} is not a page of the schema`);
    return rows;
  }
  if (page[start] !== INTERIOR) throw new RangeError(`page ${number} is not a page of a table`);
  const children = cellsOf(page, start, 12).map((cell) => page.readUInt32BE(cell));
  children.push(page.readUInt32BE(start + 8));
  return children.flatMap((child) => schemaRows(pageOf, child, depth - 1));
}

/** The offsets of a page's cells. */
function cellsOf(page: Buffer, start: number, headerBytes: number): readonly number[] {
  const count = page.readUInt16BE(start + 3);
  return Array.from({ length: count }, (_, index) => page.readUInt16BE(start + headerBytes + 2 * index));
}

/** The rows of a leaf. @throws RangeError when it is damaged */
function rowsOf(page: Buffer, start: number): readonly Value[][] {
  return cellsOf(page, start, 8).map((cell) => rowAt(page, cell));
}

/** @throws RangeError when the row is damaged */
function rowAt(page: Buffer, cell: number): Value[] {
  const [size, afterSize] = variableInteger(page, cell);
  const [, record] = variableInteger(page, afterSize);
  const [headerBytes, afterHeaderBytes] = variableInteger(page, record);
  const values: Value[] = [];
  let at = record + headerBytes;
  for (let next = afterHeaderBytes; next < record + headerBytes; ) {
    const [type, afterType] = variableInteger(page, next);
    const bytes = bytesOfType(type);
    values.push(valueAt(page, at, type, bytes));
    at += bytes;
    next = afterType;
  }
  if (at - record !== size) throw new RangeError('the columns of a row do not add up to its size');
  return values;
}

function valueAt(page: Buffer, at: number, type: number, bytes: number): Value {
  if (at + bytes > page.length) return undefined;
  if (type === 8 || type === 9) return type - 8;
  if (type >= 1 && type <= 5) return page.readIntBE(at, bytes);
  if (type < 12) return undefined;
  const content = page.subarray(at, at + bytes);
  return type % 2 === 0 ? content : content.toString('utf8');
}

/** @see https://sqlite.org/fileformat2.html#record_format */
function bytesOfType(type: number): number {
  if (type >= 12) return (type - (type % 2 === 0 ? 12 : 13)) / 2;
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0;
}

/** A number of 1 to 9 bytes, and the offset behind it. */
function variableInteger(page: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = page.readUInt8(at + index);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return [value * 256 + page.readUInt8(at + 8), at + 9];
}
