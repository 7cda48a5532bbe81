import { accessSync, constants, type Stats, statSync, utimesSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StoreError } from '@imcore/server/ports';
import { isBusy, isIoError, openDatabase, storeErrorOf } from './database.js';
import type { Database } from './sqlite-module.js';

/**
 * Fails where a store could not write, before a file is made.
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
      throw new StoreError('ERR_STORE_FAILED', `cannot open ${file}: there is no directory ${folder}`, {
        cause: error,
      });
    }
    throw new StoreError('ERR_STORE_READ_ONLY', `${file} cannot be written to`, { cause: error });
  }
}

/**
 * Keeps a second server off the file, as long as this process lives: a lock of SQLite's on a file beside it, which
 * the system frees with the process, however that ends. The empty file stays.
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
 * Why a transaction failed, with the one cause that SQLite does not tell from a broken disk: an open file that must
 * not be written to any more. The file of the lock, which holds nothing, is touched to find out.
 *
 * @param now milliseconds since 1970
 */
export function failureOf(error: unknown, file: string, now: number): StoreError {
  if (isIoError(error)) {
    try {
      utimesSync(`${file}-lock`, now / 1000, now / 1000);
    } catch (cause) {
      if (['EROFS', 'EPERM', 'EACCES'].includes(codeOf(cause)))
        return new StoreError('ERR_STORE_READ_ONLY', `${file} cannot be written to any more`, { cause });
    }
  }
  return storeErrorOf(error, 'SQLite');
}

/** Notices when a file is removed or replaced behind its store: what is written then is in no file that anybody finds. */
export class FileIdentity {
  readonly #files: readonly { readonly path: string; readonly is: Stats }[];

  /** The file as it is now, with its write-ahead log, which is there once the database was read. */
  constructor(file: string) {
    this.#files = [file, `${file}-wal`].map((path) => ({ path, is: statSync(path) }));
  }

  /** @throws StoreError `ERR_STORE_REPLACED` */
  check(): void {
    for (const { path, is } of this.#files) {
      const now = statSync(path, { throwIfNoEntry: false });
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
