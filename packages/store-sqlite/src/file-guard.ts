import { accessSync, constants, type Stats, statSync, utimesSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StoreError } from '@imcore/server/ports';
import { isBusy, isIoError, openDatabase, storeErrorOf } from './database.js';
import type { Database } from './sqlite-module.js';

/**
 * Checks that a store could write to the file, before the file is created.
 *
 * @throws StoreError `ERR_STORE_READ_ONLY`, or `ERR_STORE_FAILED` when there is no such directory.
 */
export function requireWritable(file: string): void {
  const folder = dirname(file);
  try {
    accessSync(folder, constants.W_OK);
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) accessSync(file, constants.W_OK);
  } catch (error) {
    if (isMissing(error)) {
      throw new StoreError(
        'ERR_STORE_FAILED',
        `cannot open ${file}: the directory ${folder} does not exist`,
        {
          cause: error,
        },
      );
    }
    throw new StoreError('ERR_STORE_READ_ONLY', `${file} is not writable`, { cause: error });
  }
}

/**
 * Locks the file against a second server until this process ends: an SQLite lock on `<file>-lock`, which the operating
 * system releases when the process ends, however it ends. The empty lock file stays.
 *
 * @throws StoreError `ERR_STORE_IN_USE`
 */
export function lockFile(file: string): Database {
  const lock = openDatabase(`${file}-lock`);
  try {
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw storeErrorOf(error, `cannot lock ${file}`);
    throw new StoreError('ERR_STORE_IN_USE', `${file} is in use by another server`, { cause: error });
  }
}

/**
 * Why a transaction failed. SQLite reports a file that became read-only while it was open as an I/O error. Touching the
 * empty lock file tells the two apart.
 *
 * @param now milliseconds since 1970
 */
export function failureOf(error: unknown, file: string, now: number): StoreError {
  if (isIoError(error)) {
    try {
      utimesSync(`${file}-lock`, now / 1000, now / 1000);
    } catch (cause) {
      if (['EROFS', 'EPERM', 'EACCES'].includes(codeOf(cause)))
        return new StoreError('ERR_STORE_READ_ONLY', `${file} is no longer writable`, { cause });
    }
  }
  return storeErrorOf(error, 'SQLite');
}

/** Detects that the file of an open store was removed or replaced: further writes would go to a file without a name. */
export class FileIdentity {
  readonly #files: readonly { readonly path: string; readonly is: Stats }[];
  #logBytes = 0;

  /** Remembers the file and its write-ahead log, which exists once the database was read. */
  constructor(file: string) {
    this.#files = [file, `${file}-wal`].map((path) => ({ path, is: statSync(path) }));
  }

  /** Length of the log at the last check, in bytes. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /** @throws StoreError `ERR_STORE_REPLACED` */
  check(): void {
    for (const { path, is } of this.#files) {
      const now = statSync(path, { throwIfNoEntry: false });
      // The log is the last file.
      this.#logBytes = now?.size ?? 0;
      if (now?.ino === is.ino && now.dev === is.dev) continue;
      const what = now === undefined ? 'was removed' : 'was replaced';
      throw new StoreError('ERR_STORE_REPLACED', `${basename(path)} ${what} while its store was open`);
    }
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
