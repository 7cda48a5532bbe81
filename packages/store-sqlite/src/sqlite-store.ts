import {
  type Advance,
  type AppendResult,
  type Confirmation,
  type Conversation,
  type ConversationQuery,
  type DeadLetter,
  type DeadLetterId,
  type HistoryQuery,
  type KeptRecord,
  type LogPage,
  type MessageStore,
  type Position,
  type QueueSize,
  type StoredDevice,
  type StoredMessage,
  StoreError,
  type StoreHealth,
  type Sweep,
} from '@imcore/server/ports';
import { Appender } from './appender.js';
import { type Connection, connect } from './connection.js';
import { ConversationReader } from './conversation-reader.js';
import { DamagedMessages, type DamagedPlace } from './damaged-messages.js';
import { storeErrorOf, truncateLog, whileLocked, withStoreErrors } from './database.js';
import { DeadLetterTable } from './dead-letter-table.js';
import { DeviceTable } from './device-table.js';
import { GroupCommit } from './group-commit.js';
import { GroupTake } from './group-take.js';
import { LogTables } from './log-tables.js';
import { OccupiedQueues } from './occupied-queues.js';
import { Reader } from './reader.js';
import { type CompleteOptions, completeOptions, type SqliteStoreOptions } from './sqlite-options.js';
import { Sweeper } from './sweeper.js';
import { Taker } from './taker.js';
import { toColumn } from './text-column.js';
import { epochOf } from './totals.js';
import { Transactions } from './transactions.js';
import { Upkeep } from './upkeep.js';
import { UserWalk } from './user-walk.js';

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
  const { file, maxCheckedBytes, onProgress } = options;
  const connection = connect(file, { isServer: true, maxCheckedBytes, onProgress });
  try {
    return new SqliteStore(connection, options);
  } catch (error) {
    connection.database.close();
    connection.lock?.close();
    throw storeErrorOf(error, `cannot use ${file}`);
  }
}

class SqliteStore implements MessageStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly #connection: Connection;
  readonly #wallTime: () => number;
  readonly #tables: LogTables;
  readonly #deadLetters: DeadLetterTable;
  readonly #appender: Appender;
  readonly #taker: Taker;
  readonly #devices: DeviceTable;
  readonly #upkeep: Upkeep;
  readonly #reader: Reader;
  readonly #conversations: ConversationReader;
  readonly #epoch: string;
  readonly #damaged: DamagedMessages;
  readonly #transactions: Transactions;
  readonly #commits: GroupCommit;
  /** Separate: an index may be damaged as well, and a commit of others must not fail with it. */
  readonly #repairs: GroupCommit;
  readonly #takes: GroupTake;
  #onDeleted: (deadLetters: readonly DeadLetter[]) => void = () => {};
  #end: Promise<void> | undefined;

  constructor(connection: Connection, options: CompleteOptions) {
    const { database } = connection;
    const { retention, wallTime, lockTimeoutMs } = options;
    this.#connection = connection;
    this.#wallTime = wallTime;
    this.keepsHistory = retention.historyMs > 0;
    const occupied = new OccupiedQueues(database);
    this.#epoch = epochOf(database);
    this.#tables = new LogTables(database, retention, occupied);
    this.#deadLetters = new DeadLetterTable(database, this.#tables);
    const walk = new UserWalk(database, this.#tables);
    this.#appender = new Appender(database, this.#tables, this.#deadLetters, walk);
    this.#taker = new Taker(this.#tables, this.#deadLetters);
    this.#devices = new DeviceTable(this.#tables, this.#taker);
    const sweeper = new Sweeper(database, this.#tables, this.#deadLetters);
    this.#upkeep = new Upkeep(this.#tables, this.#devices, walk, sweeper);
    this.#damaged = new DamagedMessages((places) => this.#setAside(places));
    this.#reader = new Reader(database, this.#damaged);
    this.#conversations = new ConversationReader(database);
    this.#takes = new GroupTake(database, this.#reader, occupied, wallTime);
    const parts = {
      tables: this.#tables,
      deadLetters: this.#deadLetters,
      sweeper,
      onDeleted: (deadLetters: readonly DeadLetter[]) => this.#onDeleted(deadLetters),
      now: () => this.#now(),
    };
    this.#transactions = new Transactions(connection, parts, options.maxLogBytes);
    const now = () => performance.now();
    const transaction = (work: () => void) => this.#transaction(work);
    this.#commits = new GroupCommit(transaction, { lockTimeoutMs, now });
    this.#repairs = new GroupCommit(transaction, { lockTimeoutMs, now });
    void this.#prune().catch(() => {});
  }

  epoch(): Promise<string> {
    return this.#read(() => this.#epoch);
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return this.#commit(
      () => {
        const now = this.#now();
        return messages.map((message) => this.#appender.append(message, now));
      },
      () => messages.reduce((sum, { body }) => sum + body.length, 0),
    );
  }

  isEmptyFor(userId: string): boolean {
    return this.#end === undefined && this.#takes.isEmptyFor(userId);
  }

  take(userId: string, after: Position, limit: number): Promise<LogPage> {
    if (this.#end !== undefined) return Promise.reject(closed());
    return this.#takes.add('untaken', userId, after, limit);
  }

  read(userId: string, after: Position, limit: number): Promise<LogPage> {
    if (this.#end !== undefined) return Promise.reject(closed());
    return this.#takes.add('all', userId, after, limit);
  }

  confirm(confirmations: readonly Confirmation[]): Promise<void> {
    return this.#commit(() => {
      const now = this.#now();
      for (const confirmation of confirmations) this.#taker.confirm(confirmation, now);
    });
  }

  advance(advances: readonly Advance[]): Promise<void> {
    return this.#commit(() => {
      const now = this.#now();
      for (const advance of advances) this.#taker.advance(advance, now);
    });
  }

  putDevice(userId: string, device: StoredDevice): Promise<StoredDevice> {
    return this.#commit(() => this.#devices.put(userId, device, this.#now()));
  }

  removeDevice(userId: string, deviceId: string): Promise<boolean> {
    return this.#commit(() => {
      const user = this.#tables.users.find(toColumn(userId));
      return user !== undefined && this.#devices.remove(user, toColumn(deviceId), this.#now()) !== undefined;
    });
  }

  devices(userId: string): Promise<readonly StoredDevice[]> {
    return this.#read(() => this.#reader.devices(userId));
  }

  count(userId: string): Promise<QueueSize> {
    return this.#read(() => this.#reader.count(userId));
  }

  async expire(now: number, limit: number): Promise<Sweep> {
    const swept = await this.#commit(() => this.#upkeep.expire(now, limit));
    await this.#prune();
    return swept;
  }

  deadLetters(after: DeadLetterId, limit: number, userId?: string): Promise<readonly DeadLetter[]> {
    return this.#read(() => this.#reader.deadLetters(after, limit, userId));
  }

  resend(ids: readonly DeadLetterId[], now: number): Promise<number> {
    return this.#commit(() => ids.filter((id) => this.#deadLetters.resend(id, now)).length);
  }

  discard(ids: readonly DeadLetterId[]): Promise<number> {
    return this.#commit(() => ids.filter((id) => this.#deadLetters.discard(id, this.#now())).length);
  }

  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#onDeleted = listener;
  }

  history(query: HistoryQuery): Promise<readonly KeptRecord[]> {
    return this.#read(() => (this.keepsHistory ? this.#reader.history(query) : []));
  }

  conversations(query: ConversationQuery): Promise<readonly Conversation[]> {
    return this.#read(() => (this.keepsHistory ? this.#conversations.read(query) : []));
  }

  /** Some time after a failure it tests the disk with a commit that changes nothing. Does not wait for a lock. */
  async health(): Promise<StoreHealth> {
    const transactions = this.#transactions;
    if (transactions.isTestDue && this.#end === undefined && !this.#commits.isLocked) {
      void this.#commit(() => this.#tables.totals.touch()).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
    }
    try {
      transactions.checkFile();
      const totals = await this.#read(() => this.#tables.totals.sums());
      const { failure } = transactions;
      if (failure !== undefined) return { ok: false, problem: problemOf(failure), ...totals };
      const problem = this.#damaged.problem ?? (await transactions.problemOfLog());
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
    if (!this.#tables.remover.isIdle) void this.#commits.add(() => this.#upkeep.removeRest()).catch(() => {});
    await this.#commits.idle();
    await this.#repairs.idle();
    this.#takes.flush();
    await this.#transactions.close();
    // Closing the connection does not truncate the log while statements wait for garbage collection.
    truncateLog(this.#connection.database);
    this.#connection.database.close();
    this.#connection.lock?.close();
  }

  #commit<T>(work: () => T, sizeOf?: () => number): Promise<T> {
    return this.#end === undefined ? this.#commits.add(work, sizeOf) : Promise.reject(closed());
  }

  /** Runs later: it is called while a read transaction may be open. */
  #setAside(places: readonly DamagedPlace[]): void {
    const work = () => {
      for (const place of places) this.#deadLetters.setAside(place, this.#now());
    };
    void this.#repairs.add(work).catch(() => {});
  }

  /** Deletes what is saved of keys that are no longer known. */
  async #prune(): Promise<void> {
    const { keys } = this.#tables;
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
    this.#transactions.run(() => {
      work();
      this.#upkeep.removeSome(this.#now());
    });
  }
}

function closed(): StoreError {
  return new StoreError('ERR_STORE_CLOSED', 'the store is closed');
}

function problemOf({ code, message }: StoreError): string {
  return `${code}: ${message}`;
}
