import {
  type AppendResult,
  type Confirmation,
  type DeadLetter,
  type MailboxSize,
  type MessageStore,
  type StoredMessage,
  StoreError,
  type StoreHealth,
  type StoreId,
  type WaitingMessage,
} from '@imcore/server/ports';
import { type Database, messageOf, openDatabase, type Statement } from './database.js';
import { MailboxCounts } from './mailbox-counts.js';
import { prepareSchema } from './schema.js';

export interface SqliteStoreOptions {
  /** The database file. Made where there is none; `-wal` and `-shm` appear beside it while it is open. */
  readonly file: string;
  /** Messages that wait for one user at most; beyond it `append` answers `full`. Default 100 000. */
  readonly maxPerUser?: number;
  /** How long a delivered message's fingerprint is remembered, in milliseconds. Default 24 hours. */
  readonly rememberMs?: number;
  /** Milliseconds since 1970. Default: the machine's. */
  readonly wallTime?: () => number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Remembered rows that one purge takes, so that none takes long. */
const PURGE_ROWS = 1000;

/**
 * Keeps messages in one SQLite file. An append that has resolved is on the disk: write-ahead log, `synchronous=FULL`,
 * one commit for all messages that came together.
 *
 * @throws StoreError `ERR_STORE_FAILED` when the file cannot be opened, is damaged, or is not ours.
 */
export function sqliteStore(options: SqliteStoreOptions): MessageStore {
  const database = openDatabase(options.file);
  try {
    return new SqliteStore(database, options);
  } catch (error) {
    database.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError('ERR_STORE_FAILED', `cannot use ${options.file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

class SqliteStore implements MessageStore {
  readonly durable = true;
  readonly keepsHistory = false;
  readonly #database: Database;
  readonly #rememberMs: number;
  readonly #wallTime: () => number;
  readonly #counts: MailboxCounts;
  readonly #insert: Statement;
  readonly #find: Statement;
  readonly #page: Statement;
  readonly #confirm: Statement;
  readonly #count: Statement;
  readonly #purge: Statement;
  #purgeAt = 0;
  #isClosed = false;

  constructor(database: Database, options: SqliteStoreOptions) {
    this.#database = database;
    this.#rememberMs = options.rememberMs ?? DAY_MS;
    this.#wallTime = options.wallTime ?? Date.now;
    database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=8000;',
    );
    prepareSchema(database, options.file);
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO message (receiver, sender, fingerprint, body, accepted_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#find = database.prepare(
      'SELECT id, confirmed_at FROM message WHERE sender = ? AND fingerprint = ? AND receiver = ?',
    );
    this.#page = database.prepare(
      'SELECT id, receiver, sender, fingerprint, body, accepted_at FROM message WHERE receiver = ? AND id > ? AND confirmed_at IS NULL ORDER BY id LIMIT ?',
    );
    this.#confirm = database.prepare(
      'UPDATE message SET confirmed_at = ?, body = NULL WHERE id = ? AND receiver = ? AND confirmed_at IS NULL',
    );
    this.#count = database.prepare(
      'SELECT count(*) AS n, coalesce(sum(length(body)), 0) AS bytes FROM message WHERE receiver = ? AND confirmed_at IS NULL',
    );
    this.#purge = database.prepare(
      'DELETE FROM message WHERE id IN (SELECT id FROM message WHERE confirmed_at < ? LIMIT ?)',
    );
    this.#counts = new MailboxCounts(
      options.maxPerUser ?? 100_000,
      (userId) => this.#sizeNow(userId).messages,
    );
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return this.#transaction(() => messages.map((message) => this.#append(message)));
  }

  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    return this.#run(() => this.#page.all(userId, after ?? 0, limit).map(toWaitingMessage));
  }

  confirm(confirmations: readonly Confirmation[]): Promise<void> {
    return this.#transaction(() => {
      const now = this.#wallTime();
      for (const { userId, ids } of confirmations) {
        for (const id of ids) {
          const { changes } = this.#confirm.run(now, id, userId);
          if (Number(changes) > 0) this.#counts.removed(userId);
        }
      }
      this.#purgeOld(now);
    });
  }

  count(userId: string): Promise<MailboxSize> {
    return this.#run(() => this.#sizeNow(userId));
  }

  expire(): Promise<readonly DeadLetter[]> {
    return Promise.resolve([]);
  }

  deadLetters(): Promise<readonly DeadLetter[]> {
    return Promise.resolve([]);
  }

  resend(): Promise<number> {
    return Promise.resolve(0);
  }

  discard(): Promise<number> {
    return Promise.resolve(0);
  }

  history(): Promise<readonly WaitingMessage[]> {
    return Promise.resolve([]);
  }

  health(): Promise<StoreHealth> {
    return Promise.resolve({ ok: !this.#isClosed, waiting: 0, waitingBytes: 0, deadLetters: 0 });
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#database.close();
    }
    return Promise.resolve();
  }

  #append(message: StoredMessage): AppendResult {
    const { to, from, fingerprint, body, acceptedAt } = message;
    const known = this.#find.get(from, fingerprint, to);
    if (known !== undefined) return { outcome: 'duplicate', id: waitingId(known) };
    if (!this.#counts.hasRoom(to)) return { outcome: 'full', limit: 'maxPerUser' };
    const { lastInsertRowid } = this.#insert.run(
      to,
      from,
      fingerprint,
      Buffer.from(body, 'latin1'),
      acceptedAt,
    );
    this.#counts.added(to);
    return { outcome: 'stored', id: Number(lastInsertRowid) };
  }

  #sizeNow(userId: string): MailboxSize {
    const row = this.#count.get(userId);
    return { messages: numberOf(row, 'n'), bytes: numberOf(row, 'bytes') };
  }

  /** Forgets what was delivered long ago, a little at a time. */
  #purgeOld(now: number): void {
    if (now < this.#purgeAt) return;
    const { changes } = this.#purge.run(now - this.#rememberMs, PURGE_ROWS);
    this.#purgeAt = Number(changes) < PURGE_ROWS ? now + 60_000 : now + 100;
  }

  #transaction<T>(work: () => T): Promise<T> {
    return this.#run(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        this.#counts.forget();
        this.#rollback();
        throw error;
      }
    });
  }

  /** A failed commit may have rolled back already; then there is nothing to do. */
  #rollback(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // No transaction is open any more.
    }
  }

  #run<T>(work: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new StoreError('ERR_STORE_CLOSED', 'the store is closed'));
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(
        new StoreError('ERR_STORE_FAILED', `SQLite: ${messageOf(error)}`, { cause: error }),
      );
    }
  }
}

function toWaitingMessage(row: unknown): WaitingMessage {
  return {
    id: numberOf(row, 'id'),
    to: textOf(row, 'receiver'),
    from: textOf(row, 'sender'),
    fingerprint: textOf(row, 'fingerprint'),
    body: bytesOf(row, 'body').toString('latin1'),
    acceptedAt: numberOf(row, 'accepted_at'),
  };
}

/** The id of a known message, undefined once it is confirmed. */
function waitingId(row: unknown): StoreId | undefined {
  return column(row, 'confirmed_at') === null ? numberOf(row, 'id') : undefined;
}

function numberOf(row: unknown, name: string): number {
  return Number(column(row, name));
}

function textOf(row: unknown, name: string): string {
  return String(column(row, name));
}

function bytesOf(row: unknown, name: string): Buffer {
  const value = column(row, name);
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.alloc(0);
}

function column(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[name] : undefined;
}
