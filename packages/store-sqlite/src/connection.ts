import { realpathSync, statSync } from 'node:fs';
import { StoreError } from '@imcore/server/ports';
import { openDatabase, storeErrorOf } from './database.js';
import { lockFile, requireWritable } from './file-guard.js';
import { checkIntegrity, needsSteps, takeSteps } from './schema.js';
import type { Database } from './sqlite-module.js';

/** A database that is ready, and the lock that keeps other servers off; the lock is absent beside a server. */
export interface Connection {
  readonly file: string;
  readonly database: Database;
  readonly lock: Database | undefined;
}

export interface ConnectionOptions {
  /** Whether this is the one server of the file. If not, the file must be there, and a server may have it open. */
  readonly isServer: boolean;
  /** Files up to this size are read through for damage. */
  readonly maxCheckedBytes: number;
}

/** The log at which the store's own connection makes a checkpoint: 16 MiB. See {@link Checkpointer}. */
const PRAGMAS =
  'PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4096;';

/** @throws StoreError see `sqliteStore` */
export function connect(path: string, options: ConnectionOptions): Connection {
  const file = resolved(path);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined && !options.isServer)
    throw new StoreError('ERR_STORE_FAILED', `there is no file ${path}`);
  requireWritable(file);
  const lock = options.isServer ? lockFile(file) : undefined;
  try {
    return { file, lock, database: prepared(file, options, size ?? 0) };
  } catch (error) {
    lock?.close();
    throw storeErrorOf(error, `cannot use ${file}`);
  }
}

function prepared(file: string, options: ConnectionOptions, size: number): Database {
  const database = openDatabase(file);
  try {
    database.exec('PRAGMA busy_timeout=5000');
    const mustTakeSteps = needsSteps(database, file);
    database.exec(PRAGMAS);
    if (size > 0 && size <= options.maxCheckedBytes) checkIntegrity(database, file);
    if (mustTakeSteps) withLock(file, options.isServer, () => takeSteps(database));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Nobody changes the schema of a file that a server has open. */
function withLock(file: string, isLocked: boolean, work: () => void): void {
  const lock = isLocked ? undefined : lockFile(file);
  try {
    work();
  } finally {
    lock?.close();
  }
}

/** One name for one file, by whatever links it was named. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
