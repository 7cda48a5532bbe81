import {
  type AppendResult,
  type Confirmation,
  type DeadLetter,
  type HistoryQuery,
  type MessageStore,
  type QueueSize,
  type StoredMessage,
  StoreError,
  type StoreHealth,
  type StoreId,
  type WaitingMessage,
} from '@imcore/server/ports';
import { Checkpointer } from './checkpointer.js';
import { type Connection, connect } from './connection.js';
import { DamagedMessages } from './damaged-messages.js';
import { inTransaction, isBusy, storeErrorOf, whileLocked, withStoreErrors } from './database.js';
import { FileIdentity, failureOf } from './file-guard.js';
import { GroupCommit } from './group-commit.js';
import { GroupTake } from './group-take.js';
import { MessageTable } from './message-table.js';
import { OccupiedQueues } from './occupied-queues.js';
import { Reader } from './reader.js';
import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { type CompleteOptions, completeOptions, type SqliteStoreOptions } from './sqlite-options.js';
import { Sweeper } from './sweeper.js';
import { toColumn } from './text-column.js';

/** When messages are confirmed, at least this many expired keys are deleted, or twice the number of confirmations. */
const MIN_FORGET = 16;
const FORGET_AT_EXPIRY = 1000;
/** How long a store reports itself unhealthy after a failure, unless a later call succeeds. */
const TROUBLE_MS = 5000;

/**
 * Stores messages in one SQLite file. When an append resolves, its messages are on the disk: write-ahead log,
 * `synchronous=FULL`, one commit for all calls in one turn of the event loop. Only one server at a time can open the file.
 *
 * @throws StoreError `ERR_STORE_IN_USE`, `ERR_STORE_READ_ONLY`, `ERR_STORE_FULL`, `ERR_STORE_DAMAGED`, `ERR_STORE_NEWER`,
 *   `ERR_STORE_FOREIGN`, `ERR_STORE_LOCKED` when another process has locked the file (see {@link openSqliteStore}), or
 *   `ERR_STORE_FAILED` when the file cannot be opened for another reason.
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function sqliteStore(options: SqliteStoreOptions): MessageStore {
  return openNow(completeOptions(options));
}

/**
 * Opens a store like {@link sqliteStore}. While another process has locked the file it tries again, for `lockTimeoutMs`; the
 * event loop does not wait.
 *
 * @throws StoreError and UsageError as {@link sqliteStore}
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<MessageStore> {
  const complete = completeOptions(options);
  return whileLocked(() => openNow(complete), complete.lockTimeoutMs);
}

function openNow(options: CompleteOptions): MessageStore {
  const connection = connect(options.file, { isServer: true, maxCheckedBytes: options.maxCheckedBytes });
  try {
    return new SqliteStore(connection, options);
  } catch (error) {
    connection.database.close();
    connection.lock?.close();
    throw storeErrorOf(error, `cannot use ${options.file}`);
  }
}

class SqliteStore implements MessageStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly #connection: Connection;
  readonly #wallTime: () => number;
  /** `now` of the last `expire`, which does not trust a clock that jumps: nothing is forgotten by a later time. */
  #expiredAt = Number.NEGATIVE_INFINITY;
  readonly #identity: FileIdentity;
  readonly #checkpointer: Checkpointer;
  readonly #messages: MessageTable;
  readonly #sweeper: Sweeper;
  readonly #reader: Reader;
  readonly #damaged: DamagedMessages;
  readonly #commits: GroupCommit;
  /** Separate: an index may be damaged as well, and a commit of others must not fail with it. */
  readonly #repairs: GroupCommit;
  readonly #takes: GroupTake;
  readonly #totalChanges: Statement;
  #changes = 0;
  #onDeleted: (deadLetters: readonly DeadLetter[]) => void = () => {};
  /** Error of the last transaction; undefined if it succeeded. */
  #failure: StoreError | undefined;
  #failedAt = 0;
  #end: Promise<void> | undefined;

  constructor(connection: Connection, options: CompleteOptions) {
    const { database, file } = connection;
    const { retention, wallTime, lockTimeoutMs } = options;
    this.#connection = connection;
    this.#wallTime = wallTime;
    this.keepsHistory = retention.historyMs > 0;
    const occupied = new OccupiedQueues(database);
    this.#messages = new MessageTable(database, retention, occupied);
    this.#sweeper = new Sweeper(database, this.#messages, retention);
    this.#damaged = new DamagedMessages((ids, receiver) => this.#setAside(ids, receiver));
    this.#reader = new Reader(database, this.#damaged);
    this.#totalChanges = database.prepare('SELECT total_changes() AS n');
    const now = () => performance.now();
    const transaction = (work: () => void) => this.#transaction(work);
    this.#commits = new GroupCommit(transaction, { lockTimeoutMs, now });
    this.#repairs = new GroupCommit(transaction, { lockTimeoutMs, now });
    this.#takes = new GroupTake(database, this.#reader, occupied, wallTime);
    this.#identity = new FileIdentity(file);
    this.#checkpointer = new Checkpointer(file, database, options.maxLogBytes);
    this.#identity.check();
    this.#checkpointer.measured(this.#identity.logBytes);
    void this.#prune().catch(() => {});
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return this.#commit(
      () => {
        const now = this.#now();
        return messages.map((message) => this.#messages.append(message, now));
      },
      () => messages.reduce((sum, { body }) => sum + body.length, 0),
    );
  }

  isEmptyFor(userId: string): boolean {
    return this.#end === undefined && this.#takes.isEmptyFor(userId);
  }

  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    if (this.#end !== undefined) return Promise.reject(closed());
    return this.#takes.add(userId, after, limit);
  }

  confirm(confirmations: readonly Confirmation[]): Promise<void> {
    return this.#commit(() => {
      const now = this.#now();
      let ids = 0;
      for (const confirmation of confirmations) {
        this.#messages.confirm(confirmation, now);
        ids += confirmation.ids.length;
      }
      this.#sweeper.forget(Math.min(now, this.#expiredAt), MIN_FORGET + 2 * ids);
    });
  }

  count(userId: string): Promise<QueueSize> {
    return this.#read(() => this.#messages.sizes.size(toColumn(userId)));
  }

  async expire(now: number, limit: number): Promise<readonly DeadLetter[]> {
    this.#expiredAt = now;
    const dead = await this.#commit(() => {
      this.#sweeper.forget(now, FORGET_AT_EXPIRY);
      return this.#sweeper.expire(now, limit);
    });
    await this.#prune();
    return dead;
  }

  deadLetters(after: StoreId | undefined, limit: number, userId?: string): Promise<readonly DeadLetter[]> {
    return this.#read(() => this.#reader.deadLetters(after, limit, userId));
  }

  resend(ids: readonly StoreId[], now: number): Promise<number> {
    return this.#commit(() => ids.filter((id) => this.#messages.resend(id, now)).length);
  }

  discard(ids: readonly StoreId[]): Promise<number> {
    return this.#commit(() => ids.filter((id) => this.#messages.discard(id, this.#now())).length);
  }

  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#onDeleted = listener;
  }

  history(query: HistoryQuery): Promise<readonly WaitingMessage[]> {
    return this.#read(() => (this.keepsHistory ? this.#reader.history(query) : []));
  }

  /** Some time after a failure it tests the disk with a commit that changes nothing. Does not wait for a lock. */
  async health(): Promise<StoreHealth> {
    const isOver = this.#now() >= this.#failedAt + TROUBLE_MS;
    if (this.#failure !== undefined && isOver && this.#end === undefined && !this.#commits.isLocked) {
      void this.#commit(() => this.#messages.sizes.touch()).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
    }
    try {
      this.#identity.check();
      const totals = await this.#read(() => this.#messages.sizes.totals());
      if (this.#failure !== undefined) return { ok: false, problem: problemOf(this.#failure), ...totals };
      const problem = this.#damaged.problem ?? (await this.#checkpointer.problem());
      return problem === undefined ? { ok: true, ...totals } : { ok: true, problem, ...totals };
    } catch (error) {
      const problem = problemOf(storeErrorOf(error, 'SQLite'));
      return { ok: false, problem, waiting: 0, waitingBytes: 0, deadLetters: 0 };
    }
  }

  close(): Promise<void> {
    this.#end ??= this.#close();
    return this.#end;
  }

  async #close(): Promise<void> {
    await this.#commits.idle();
    await this.#repairs.idle();
    this.#takes.flush();
    await this.#checkpointer.close();
    truncateLog(this.#connection.database);
    this.#connection.database.close();
    this.#connection.lock?.close();
  }

  #commit<T>(work: () => T, sizeOf?: () => number): Promise<T> {
    return this.#end === undefined ? this.#commits.add(work, sizeOf) : Promise.reject(closed());
  }

  /** Runs later: it is called while a read transaction may be open. */
  #setAside(ids: readonly StoreId[], receiver: string | undefined): void {
    const work = () => {
      for (const id of ids) this.#messages.setAside(id, receiver, this.#now());
    };
    void this.#repairs.add(work).catch(() => {});
  }

  /** Deletes what is saved of keys that are no longer known. */
  async #prune(): Promise<void> {
    const { keys } = this.#messages;
    const generations = await this.#read(() => keys.prune());
    if (generations.length > 0) await this.#commit(() => keys.deleteSaved(generations));
  }

  #now(): number {
    return Math.trunc(this.#wallTime());
  }

  #read<T>(work: () => T): Promise<T> {
    if (this.#end !== undefined) return Promise.reject(closed());
    try {
      return Promise.resolve(withStoreErrors(work));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #transaction(work: () => void): void {
    try {
      this.#checkpointer.requireRoom();
      inTransaction(this.#connection.database, () => {
        this.#messages.begin();
        work();
        this.#messages.end();
        this.#identity.check();
      });
      this.#messages.committed();
    } catch (error) {
      this.#sweeper.restart();
      this.#messages.rolledBack();
      this.#failedAt = this.#now();
      this.#failure = failureOf(error, this.#connection.file, this.#failedAt);
      throw isBusy(error) ? error : this.#failure;
    }
    this.#failure = undefined;
    const changes = numberOf(this.#totalChanges.get(), 'n');
    this.#checkpointer.committed(changes - this.#changes, this.#identity.logBytes);
    this.#changes = changes;
    const deleted = this.#messages.takeDeleted();
    if (deleted.length > 0) this.#onDeleted(deleted);
  }
}

/** Closing the connection does not truncate the log while statements wait for garbage collection. */
function truncateLog(database: Database): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // The log stays and is read when the file is opened again.
  }
}

function closed(): StoreError {
  return new StoreError('ERR_STORE_CLOSED', 'the store is closed');
}

function problemOf({ code, message }: StoreError): string {
  return `${code}: ${message}`;
}
