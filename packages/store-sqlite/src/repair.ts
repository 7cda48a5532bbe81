import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { StoreError } from '@imcore/server/ports';
import { openDatabase, storeErrorOf } from './database.js';
import { lockFile } from './file-guard.js';
import { problemOfLog } from './log-guard.js';
import { areQueuesRight, rebuildQueues } from './queue-check.js';
import { needsSteps } from './schema.js';

/** What a repair has found, and the copy of the write-ahead log that it keeps; `undefined` if only the users' logs were rebuilt. */
export interface Repair {
  readonly problem: string;
  readonly copy: string | undefined;
}

/**
 * Makes a store usable again whose write-ahead log is damaged or belongs to another file, or whose users' logs differ from its
 * messages. Keeps a copy of the write-ahead log, `<file>-wal.damaged-<time>` or `<file>-wal.foreign-<time>`. The commits of a damaged log before the damage
 * are written to the file; of a foreign one nothing is.
 * Returns `undefined`, and changes nothing, if there is no such problem.
 *
 * @param wallTime returns milliseconds since 1970
 * @throws StoreError `ERR_STORE_IN_USE` while a server has the file open, `ERR_STORE_DAMAGED` when it cannot be repaired
 */
export function repairSqliteStore(file: string, wallTime: () => number = Date.now): Repair | undefined {
  if (!existsSync(file) && !existsSync(`${file}-wal`))
    throw new StoreError('ERR_STORE_FAILED', `${file} does not exist`);
  const lock = lockFile(file);
  try {
    const problem = problemOfLog(file);
    if (problem === undefined) return repairQueues(file);
    const text = `${problem.kind === 'mismatch' ? 'the file ' : ''}${problem.text}`;
    if (problem.kind === 'incomplete') throw new StoreError('ERR_STORE_DAMAGED', `${file} ${problem.text}`);
    const time = new Date(wallTime()).toISOString().replaceAll(/[:.]/g, '-');
    const copy = `${file}-wal.${problem.kind === 'damaged' ? 'damaged' : 'foreign'}-${time}`;
    if (existsSync(copy)) throw new StoreError('ERR_STORE_FAILED', `${copy} already exists`);
    copyFileSync(`${file}-wal`, copy);
    if (problem.kind === 'damaged') applyLog(file);
    else rmSync(`${file}-wal`);
    if (existsSync(file)) repairQueues(file);
    return { problem: text, copy };
  } finally {
    lock.close();
  }
}

/** Rebuilds the users' logs if they differ from the messages. */
function repairQueues(file: string): Repair | undefined {
  const database = openDatabase(file);
  try {
    if (needsSteps(database, file) || areQueuesRight(database)) return undefined;
    rebuildQueues(database);
    return { problem: 'the logs of users differed from the messages', copy: undefined };
  } catch (error) {
    throw storeErrorOf(error, `cannot repair ${file}`);
  } finally {
    database.close();
  }
}

/** Writes the readable commits of the log to the file, and empties the log. */
function applyLog(file: string): void {
  const database = openDatabase(file);
  try {
    database.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    throw storeErrorOf(error, `cannot repair ${file}`);
  } finally {
    database.close();
  }
}
