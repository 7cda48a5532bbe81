import {
  completeRetention,
  type Retention,
  StoreError,
  type StoreId,
  type StoreTools,
} from '@imcore/server/ports';
import { backUp } from './backup.js';
import { connect } from './connection.js';
import { DamagedMessages } from './damaged-messages.js';
import { inTransaction, storeErrorOf, whileLocked } from './database.js';
import { GroupCommit } from './group-commit.js';
import { MessageTable } from './message-table.js';
import { Reader } from './reader.js';
import { numberOf } from './rows.js';
import type { Statement } from './sqlite-module.js';
import { DEFAULT_LOCK_TIMEOUT_MS } from './sqlite-options.js';
import { toColumn } from './text-column.js';

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
  const messages = new MessageTable(database, completeRetention(options));
  const damaged = new DamagedMessages((ids, receiver) => {
    const work = () => {
      for (const id of ids) messages.setAside(id, receiver, Math.trunc(wallTime()));
    };
    void change(work).catch(() => {});
  });
  const reader = new Reader(database, damaged);
  const page = purgePages((sql) => database.prepare(sql));

  const read = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw storeErrorOf(error, 'SQLite');
    }
  };
  const commits = new GroupCommit(
    (work) =>
      inTransaction(database, () => {
        messages.begin();
        work();
        messages.end();
      }),
    { lockTimeoutMs, now: () => performance.now() },
  );
  const change = <T>(work: () => T) =>
    commits.add(work).catch((error: unknown) => {
      throw storeErrorOf(error, 'SQLite');
    });

  return {
    health: () => read(() => ({ ok: true, ...messages.sizes.totals() })),
    queues: (limit) => read(() => reader.largest(limit)),
    oldestAcceptedAt: () => read(() => reader.oldestAcceptedAt()),
    take: (userId, after, limit) => read(() => reader.take(userId, after, limit)),
    deadLetters: (after, limit, userId) => read(() => reader.deadLetters(after, limit, userId)),
    resend: (ids, now) => change(() => ids.filter((id) => messages.resend(id, now)).length),
    discard: (ids) => change(() => ids.filter((id) => messages.discard(id, Math.trunc(wallTime()))).length),
    purge: (before, after, limit, userId) =>
      change(() => {
        const now = Math.trunc(wallTime());
        const rows = page(after, limit, userId);
        const old = rows.filter((row) => numberOf(row, 'accepted_at') < before);
        for (const row of old) messages.purge(row, now);
        return { deleted: old.length, next: rows.length < limit ? undefined : numberOf(rows.at(-1), 'id') };
      }),
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

/** Reads waiting messages and dead letters, of all users or of one, page by page. */
function purgePages(prepare: (sql: string) => Statement) {
  const columns = 'SELECT id, state, receiver, size, accepted_at FROM message';
  const all = prepare(`${columns} WHERE id > ? AND state IN (0, 3) ORDER BY id LIMIT ?`);
  const ofUser = prepare(
    `${columns} WHERE receiver = ?1 AND id > ?2 AND state = 0
     UNION ALL ${columns} INDEXED BY message_dead WHERE id > ?2 AND receiver = ?1 AND state = 3
     ORDER BY id LIMIT ?3`,
  );
  return (after: StoreId | undefined, limit: number, userId: string | undefined): readonly unknown[] => {
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new StoreError('ERR_STORE_FAILED', `limit must be a whole number of 1 or more, got ${limit}`);
    return userId === undefined
      ? all.all(after ?? 0, limit)
      : ofUser.all(toColumn(userId), after ?? 0, limit);
  };
}
