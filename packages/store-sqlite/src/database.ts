import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '@imcore/server/ports';
import { type Database, loadSqlite } from './sqlite-module.js';

/** Our code for each of SQLite's primary result codes that has one. */
const CODES: Readonly<Record<number, StoreError['code']>> = {
  5: 'ERR_STORE_LOCKED',
  8: 'ERR_STORE_READ_ONLY',
  11: 'ERR_STORE_DAMAGED',
  13: 'ERR_STORE_FULL',
  26: 'ERR_STORE_FOREIGN',
};
const BUSY = 5;
const IO_ERROR = 10;

/**
 * Opens a database whose statements never wait for a lock: if another process has it, they fail at once.
 *
 * @throws StoreError when SQLite is not available, or the file cannot be opened.
 */
export function openDatabase(file: string): Database {
  const { DatabaseSync } = loadSqlite().module;
  try {
    const database = new DatabaseSync(file);
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (error) {
    throw storeErrorOf(error, `cannot open ${file}`);
  }
}

/** Converts an error of SQLite to a `StoreError`. Returns a `StoreError` unchanged. */
export function storeErrorOf(error: unknown, what: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = CODES[resultCodeOf(error)] ?? 'ERR_STORE_FAILED';
  const text = error instanceof Error ? error.message : String(error);
  return new StoreError(code, `${what}: ${text}`, { cause: error });
}

/** @throws StoreError for any error of the work */
export function withStoreErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeErrorOf(error, 'SQLite');
  }
}

/** Wait before another attempt to open a locked file, in milliseconds. */
const LOCKED_RETRY_MS = 20;

/**
 * Repeats work that another process prevents by a lock, for a limited time. The event loop does not wait.
 *
 * @throws what the work throws; `ERR_STORE_LOCKED` only after the time is over
 */
export async function whileLocked<T>(work: () => T, timeoutMs: number): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const isLocked = error instanceof StoreError && error.code === 'ERR_STORE_LOCKED';
      if (!isLocked || performance.now() >= until) throw error;
    }
    await sleep(LOCKED_RETRY_MS);
  }
}

/** Whether another process holds the requested lock. */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === BUSY;
}

/** Whether an I/O operation failed. SQLite does not say why. */
export function isIoError(error: unknown): boolean {
  return resultCodeOf(error) === IO_ERROR;
}

/** The primary part of an extended result code; 0 if the error has none. */
function resultCodeOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0;
  return Number(error.errcode) & 0xff;
}

/** Runs the work in one transaction; rolls back if it throws. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** Moves the write-ahead log into the file and empties it. If another process prevents that, the log stays in use. */
export function truncateLog(database: Database): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // It is cut later.
  }
}

/** A failed commit may have rolled back already. */
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // No transaction is open.
  }
}
