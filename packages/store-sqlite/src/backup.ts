import { existsSync, renameSync, rmSync } from 'node:fs';
import { type CopyProgress, StoreError } from '@imcore/server/ports';
import { openDatabase, storeErrorOf } from './database.js';
import { checkIntegrity } from './schema.js';
import { type Database, loadSqlite } from './sqlite-module.js';

/** Pages of one step: 4 MiB. */
const STEP_PAGES = 1024;

/**
 * Copies a database as it is now to a new file, while others write to it: what they write waits in their log. The
 * copy has its name when it is whole and was read through.
 *
 * @throws StoreError `ERR_STORE_FAILED` when the target is there, `ERR_STORE_FULL` when it has no room, …
 */
export async function backUp(
  source: Database,
  target: string,
  progress: (progress: CopyProgress) => void,
): Promise<void> {
  if (existsSync(target)) throw new StoreError('ERR_STORE_FAILED', `${target} is there already`);
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

/** One transaction for all steps: otherwise each message that a server stores would begin the copy again. */
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
    database.exec('PRAGMA journal_mode = DELETE');
  } finally {
    database.close();
  }
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}
