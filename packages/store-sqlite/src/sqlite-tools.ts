import { completeRetention, type Retention, type StoreTools } from '@imcore/server/ports';
import { backUp } from './backup.js';
import { connect } from './connection.js';
import { DamagedMessages } from './damaged-messages.js';
import { inTransaction, storeErrorOf, whileLocked } from './database.js';
import { DeadLetterTable } from './dead-letter-table.js';
import { GroupCommit } from './group-commit.js';
import { LogTables } from './log-tables.js';
import { Purge } from './purge.js';
import { Reader } from './reader.js';
import { DEFAULT_LOCK_TIMEOUT_MS } from './sqlite-options.js';

/** The file, and the limits that apply to resent messages. */
export interface SqliteToolsOptions extends Pick<Retention, 'maxPerUser' | 'maxBytesPerUser'> {
  /** The database file. It must exist. */
  readonly file: string;
  /** As for `sqliteStore`. */
  readonly lockTimeoutMs?: number;
  /** Returns milliseconds since 1970. Default: `Date.now`. */
  readonly wallTime?: () => number;
}

/**
 * Opens a store's file for maintenance, also while a server has it open.
 *
 * @throws StoreError as `sqliteStore`, and `ERR_STORE_FAILED` when the file does not exist
 */
export function sqliteStoreTools(options: SqliteToolsOptions): StoreTools {
  const { database } = connect(options.file, { isServer: false, maxCheckedBytes: 0 });
  const { wallTime = Date.now, lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const now = () => Math.trunc(wallTime());
  const tables = new LogTables(database, completeRetention(options));
  const deadLetters = new DeadLetterTable(database, tables);
  const damaged = new DamagedMessages((places) => {
    const work = () => {
      for (const place of places) deadLetters.setAside(place, now());
    };
    void change(work).catch(() => {});
  });
  const reader = new Reader(database, damaged);
  const purge = new Purge(database, tables, deadLetters);

  const read = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw storeErrorOf(error, 'SQLite');
    }
  };
  const transaction = (work: () => void): void => {
    try {
      inTransaction(database, () => {
        tables.begin();
        work();
        tables.end();
      });
      tables.committed();
    } catch (error) {
      tables.rolledBack();
      deadLetters.rolledBack();
      throw error;
    }
  };
  const commits = new GroupCommit(transaction, { lockTimeoutMs, now: () => performance.now() });
  const change = <T>(work: () => T) =>
    commits.add(work).catch((error: unknown) => {
      throw storeErrorOf(error, 'SQLite');
    });

  return {
    health: () => read(() => ({ ok: true, ...tables.totals.sums() })),
    queues: (limit) => read(() => reader.largest(limit)),
    oldestAcceptedAt: () => read(() => reader.oldestAcceptedAt()),
    waiting: (userId, after, limit) => read(() => reader.page('waiting', userId, after, limit).entries),
    deadLetters: (after, limit, userId) => read(() => reader.deadLetters(after, limit, userId)),
    resend: (ids, at) => change(() => ids.filter((id) => deadLetters.resend(id, at)).length),
    discard: (ids) => change(() => ids.filter((id) => deadLetters.discard(id, now())).length),
    purge: (before, after, limit, userId) => change(() => purge.page(before, after, limit, userId, now())),
    backup: (target, progress) => backUp(database, target, progress),
    close: async () => {
      await commits.idle();
      await read(() => database.close());
    },
  };
}

/**
 * Opens a store's file like {@link sqliteStoreTools}. While another process has locked the file it tries again, for
 * `lockTimeoutMs`; the event loop does not wait.
 */
export function openSqliteStoreTools(options: SqliteToolsOptions): Promise<StoreTools> {
  return whileLocked(() => sqliteStoreTools(options), options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS);
}
