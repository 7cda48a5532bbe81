import { realpathSync, statSync } from 'node:fs';
import { type CopyProgress, StoreError } from '@imcore/server/ports';
import { openDatabase, storeErrorOf, truncateLog } from './database.js';
import { lockFile, requireWritable } from './file-guard.js';
import { checkLog, problemOfLog } from './log-guard.js';
import { areQueuesRight } from './queue-check.js';
import { checkIntegrity, needsSteps, takeSteps } from './schema.js';
import type { Database } from './sqlite-module.js';

/** An open database, and the lock that only one server can hold. Tools that run beside a server have no lock. */
export interface Connection {
  readonly file: string;
  readonly database: Database;
  readonly lock: Database | undefined;
}

interface ConnectionOptions {
  /** Whether a server opens the file. If not, the file must exist, and a server may have it open. */
  readonly isServer: boolean;
  /** Files up to this size are checked for damage. */
  readonly maxCheckedBytes: number;
  /** Is called while messages of an older version are copied. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

const PRAGMAS =
  'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;';

/** @throws StoreError see `sqliteStore` */
export function connect(path: string, options: ConnectionOptions): Connection {
  const file = resolved(path);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined && !options.isServer)
    throw new StoreError('ERR_STORE_FAILED', `${path} does not exist`);
  requireWritable(file);
  const lock = options.isServer ? lockFile(file) : undefined;
  try {
    if (options.isServer) checkLog(file);
    else checkLogOfIdleFile(file);
    return { file, lock, database: prepared(file, options, size ?? 0) };
  } catch (error) {
    lock?.close();
    throw storeErrorOf(error, `cannot use ${file}`);
  }
}

function prepared(file: string, options: ConnectionOptions, size: number): Database {
  const database = openDatabase(file);
  try {
    const mustTakeSteps = needsSteps(database, file);
    database.exec(PRAGMAS);
    const isChecked = size > 0 && size <= options.maxCheckedBytes;
    if (isChecked) checkIntegrity(database, file);
    if (mustTakeSteps) withLock(file, options.isServer, () => migrate(database, options));
    if (isChecked) checkQueues(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A migration leaves a log as large as the file: it is moved into the file at once, unless another process reads it. */
function migrate(database: Database, { onProgress }: ConnectionOptions): void {
  takeSteps(database, undefined, onProgress);
  truncateLog(database);
}

/** @throws StoreError `ERR_STORE_DAMAGED` */
function checkQueues(database: Database, file: string): void {
  if (areQueuesRight(database)) return;
  throw new StoreError(
    'ERR_STORE_DAMAGED',
    `${file} is damaged: the logs of its users differ from its messages. Run "imcore store repair --store ${file}", which rebuilds these logs`,
  );
}

/** Like {@link checkLog}. While a server has the file open, its log changes, and the server has checked it. */
function checkLogOfIdleFile(file: string): void {
  if (problemOfLog(file) === undefined) return;
  try {
    withLock(file, false, () => checkLog(file));
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'ERR_STORE_IN_USE')) throw error;
  }
}

/** The schema of a file must not change while a server has it open. */
function withLock(file: string, isLocked: boolean, work: () => void): void {
  const lock = isLocked ? undefined : lockFile(file);
  try {
    work();
  } finally {
    lock?.close();
  }
}

/** The file's real path: two names of one file get the same lock. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
