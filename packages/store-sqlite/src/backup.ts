import { existsSync, renameSync, rmSync } from 'node:fs';
import { type CopyProgress, StoreError } from '@imcore/server/ports';
import { openDatabase, storeErrorOf } from './database.js';
import { newMark } from './mark.js';
import { checkIntegrity } from './schema.js';
import { type Database, loadSqlite } from './sqlite-module.js';

/** Pages copied in one step: 4 MiB. */
const STEP_PAGES = 1024;

/**
 * Copies a snapshot of a database to a new file while other connections write: their writes stay in the write-ahead log
 * meanwhile. The copy gets its final name once it is complete and its integrity was checked.
 *
 * @throws StoreError `ERR_STORE_FAILED` when the target exists, `ERR_STORE_FULL` when its disk is full, …
 */
export async function backUp(
  source: Database,
  target: string,
  progress: (progress: CopyProgress) => void,
): Promise<void> {
  if (existsSync(target)) throw new StoreError('ERR_STORE_FAILED', `${target} already exists`);
  const partial = `${target}.partial`;
  remove(partial);
  try {
    await copy(source, partial, progress);
    check(partial);
    renameSync(partial, target);
  } catch (error) {
    remove(partial);
    throw storeErrorOf(error, `cannot write ${target}`);
  }
}

/** One transaction for all steps: otherwise the copy would start over with each message that a server stores. */
async function copy(
  source: Database,
  target: string,
  progress: (progress: CopyProgress) => void,
): Promise<void> {
  const { backup } = loadSqlite().module;
  if (backup === undefined) {
    source.prepare('VACUUM INTO ?').run(target);
    return;
  }
  source.exec('BEGIN');
  try {
    source.prepare('SELECT last_id FROM total').get();
    await backup(source, target, {
      rate: STEP_PAGES,
      progress: ({ totalPages, remainingPages }) =>
        progress({ done: totalPages - remainingPages, total: totalPages }),
    });
  } finally {
    source.exec('COMMIT');
  }
}

function check(file: string): void {
  const database = openDatabase(file);
  try {
    checkIntegrity(database, file);
    // Another identity: the log of the original must not be applied to the copy. No epoch: positions are given again.
    database.prepare('UPDATE total SET mark = ?, epoch = NULL').run(newMark());
    database.exec('PRAGMA journal_mode = DELETE');
  } finally {
    database.close();
  }
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}
