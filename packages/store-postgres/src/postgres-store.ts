import type {
  AppendResult,
  Confirmation,
  DeadLetter,
  HistoryQuery,
  QueueSize,
  Retention,
  SharedStore,
  StoredMessage,
  StoreHealth,
  StoreId,
  WaitingMessage,
} from '@imcore/server/ports';
import { Appender } from './appender.js';
import { Batches } from './batches.js';
import { Database } from './database.js';
import { DeadLetters } from './dead-letters.js';
import {
  type CompleteOptions,
  completeOptions,
  type PostgresStore,
  type PostgresStoreOptions,
} from './options.js';
import { QueueCounts } from './queue-counts.js';
import { toMessage } from './rows.js';
import { beginSchema, lockClassOf, prepareSchema } from './schema.js';
import { sharedPart } from './shared-part.js';
import type { Statement } from './statement.js';
import { type MessageRow, type Statements, statementsFor } from './statements.js';
import { toKey } from './text-key.js';
import { TotalBytes } from './total-bytes.js';

/** Maximum rows of one purge. */
const PURGE_ROWS = 1000;
/** Maximum messages and confirmations of one batch. */
const MAX_APPEND = 2048;
const MAX_CONFIRM = 4096;

/**
 * Stores messages in PostgreSQL (tested with 15), for any number of nodes.
 *
 * When an append resolves, its messages are as durable as a commit with `synchronous_commit = on`, which is set for each
 * session: on the server's disk and, if `synchronous_standby_names` is set, on the disks of the synchronous standbys. With
 * `fsync = off` on the server, a crash can lose them.
 *
 * Appends of one store run one after the other, in batches; so do confirmations. Nodes that append to the same receiver
 * wait for each other, so that a cursor never passes a message that is not visible yet.
 *
 * While the database is not reachable, calls reject within `connectTimeoutMs` (or the statement's timeout); later calls
 * succeed as soon as it is back. An append whose connection was lost at the commit may have been stored: repeat it, and
 * stored messages are `duplicate`. Use direct connections or a pooler in session mode: the store uses session settings and
 * prepared statements.
 *
 * Expired keys of confirmed messages are deleted at confirmations and by `expire`, 1000 rows at a time.
 *
 * @throws StoreError `ERR_STORE_FAILED` for an invalid option of the database; UsageError `ERR_INVALID_OPTION` for an
 *   invalid retention option or an unknown option. Error messages never contain credentials.
 */
export function postgresStore(options: PostgresStoreOptions = {}): PostgresStore {
  return new PostgresMessageStore(completeOptions(options));
}

interface ConfirmedId {
  readonly userId: string;
  readonly id: StoreId;
}

class PostgresMessageStore implements PostgresStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly shared: SharedStore;
  readonly #database: Database;
  readonly #schema: string;
  readonly #lockClass: number;
  readonly #retention: Required<Retention>;
  readonly #wallTime: () => number;
  readonly #statements: Statements;
  readonly #counts: QueueCounts;
  readonly #total: TotalBytes;
  readonly #deadLetters: DeadLetters;
  readonly #appender: Appender;
  readonly #appends: Batches<StoredMessage, AppendResult>;
  readonly #confirmations: Batches<ConfirmedId, undefined>;
  #ready: Promise<void> | undefined;
  #purgeAt = 0;
  /** `now` of the last `expire`, which does not trust a clock that jumps: nothing is forgotten by a later time. */
  #expiredAt = Number.NEGATIVE_INFINITY;

  constructor(options: CompleteOptions) {
    this.#schema = options.schema;
    this.#lockClass = lockClassOf(options.schema);
    this.#retention = options.retention;
    this.keepsHistory = options.retention.historyMs > 0;
    this.#wallTime = options.wallTime;
    this.#statements = statementsFor(options.schema);
    this.shared = sharedPart(this.#statements, (statement, values) => this.#query(statement, values));
    this.#counts = new QueueCounts(options.retention);
    this.#total = new TotalBytes(options.retention.maxTotalBytes);
    this.#appends = new Batches(MAX_APPEND, (messages) => this.#append(messages));
    this.#confirmations = new Batches(MAX_CONFIRM, (confirmations) => this.#confirm(confirmations));
    this.#database = new Database(options);
    const shared = [this.#lockClass, this.#retention] as const;
    this.#deadLetters = new DeadLetters(this.#database, this.#statements, ...shared);
    this.#appender = new Appender(
      this.#database,
      this.#statements,
      this.#counts,
      this.#total,
      this.#deadLetters,
      ...shared,
    );
  }

  open(): Promise<void> {
    this.#ready ??= this.#prepare();
    return this.#ready;
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return this.#appends.add(messages);
  }

  async take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    const values = [toKey(userId), after ?? 0, limit];
    return (await this.#query<MessageRow>(this.#statements.page, values)).map(toMessage);
  }

  async confirm(confirmations: readonly Confirmation[]): Promise<void> {
    await this.#confirmations.add(
      confirmations.flatMap(({ userId, ids }) => ids.filter(isId).map((id) => ({ userId, id }))),
    );
  }

  async count(userId: string): Promise<QueueSize> {
    const [row] = await this.#query<{ waiting: string; bytes: string }>(this.#statements.count, [
      [toKey(userId)],
    ]);
    return { messages: Number(row?.waiting ?? 0), bytes: Number(row?.bytes ?? 0) };
  }

  async expire(now: number, limit: number): Promise<readonly DeadLetter[]> {
    await this.open();
    this.#expiredAt = Math.trunc(now);
    const expired = await this.#deadLetters.expire(now, limit);
    for (const { to, body } of expired) this.#counts.changed(to, { messages: -1, bytes: -body.length });
    await this.#forget(Math.trunc(now));
    return expired;
  }

  async deadLetters(
    after: StoreId | undefined,
    limit: number,
    userId?: string,
  ): Promise<readonly DeadLetter[]> {
    await this.open();
    return this.#deadLetters.list(after ?? 0, limit, userId);
  }

  async resend(ids: readonly StoreId[], now: number): Promise<number> {
    await this.open();
    const userIds = await this.#deadLetters.resend(ids.filter(isId), now);
    this.#counts.forget(userIds);
    return userIds.length;
  }

  async discard(ids: readonly StoreId[]): Promise<number> {
    await this.open();
    const count = await this.#deadLetters.discard(ids.filter(isId), this.#now());
    this.#total.changed();
    return count;
  }

  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#deadLetters.onDeleted(listener);
  }

  async history({ a, b, before, limit }: HistoryQuery): Promise<readonly WaitingMessage[]> {
    if (!this.keepsHistory) return [];
    const values = [toKey(a), toKey(b), before ?? Number.MAX_SAFE_INTEGER, limit];
    return (await this.#query<MessageRow>(this.#statements.history, values)).map(toMessage);
  }

  async health(): Promise<StoreHealth> {
    try {
      const [row] = await this.#query<TotalsRow>(this.#statements.totals, []);
      const problem = problemOf(row);
      return {
        ok: row?.is_read_only === false,
        ...(problem === undefined ? {} : { problem }),
        waiting: Number(row?.waiting ?? 0),
        waitingBytes: Number(row?.bytes ?? 0),
        deadLetters: Number(row?.dead ?? 0),
      };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ok: false, problem, waiting: 0, waitingBytes: 0, deadLetters: 0 };
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #query<Row extends object>(statement: Statement, values: unknown[]): Promise<readonly Row[]> {
    await this.open();
    const { rows } = await this.#database.run((client) => client.query<Row>({ ...statement, values }));
    return rows;
  }

  /** After a failure the next call tries again. */
  async #prepare(): Promise<void> {
    try {
      await this.#database.transaction(beginSchema(this.#schema), (client) =>
        prepareSchema(client, this.#schema),
      );
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    await this.open();
    return this.#appender.append(messages, this.#now());
  }

  async #confirm(confirmations: readonly ConfirmedId[]): Promise<readonly undefined[]> {
    const now = this.#now();
    const values = [confirmations.map(({ userId }) => toKey(userId)), confirmations.map(({ id }) => id), now];
    try {
      const rows = await this.#query<{ n: string; bytes: number }>(this.#statements.confirm, values);
      for (const { n, bytes } of rows) {
        this.#counts.changed(confirmations[Number(n) - 1]?.userId ?? '', { messages: -1, bytes: -bytes });
      }
    } catch (error) {
      this.#counts.forget(confirmations.map(({ userId }) => userId));
      throw error;
    }
    this.#total.changed();
    await this.#purgeOld(Math.min(now, this.#expiredAt));
    return confirmations.map(() => undefined);
  }

  /** Deletes expired keys, a limited number of rows at a time. */
  async #purgeOld(now: number): Promise<void> {
    if (now < this.#purgeAt) return;
    this.#purgeAt = now + 60_000;
    try {
      if ((await this.#forget(now)) === PURGE_ROWS) this.#purgeAt = now + 100;
    } catch {
      // The confirmation itself has succeeded. A later one purges again.
    }
  }

  /** Removes expired messages from the history and deletes expired keys. Returns the larger of the two row counts. */
  async #forget(now: number): Promise<number> {
    const { historyMs, rememberMs } = this.#retention;
    const forgotten = async (statement: Statement, until: number): Promise<number> =>
      (await this.#database.run((client) => client.query({ ...statement, values: [until, PURGE_ROWS] })))
        .rowCount ?? 0;
    const unkept = this.keepsHistory ? await forgotten(this.#statements.unkeep, now - historyMs) : 0;
    const purged = await forgotten(this.#statements.purge, now - Math.max(rememberMs, historyMs));
    this.#total.changed();
    return Math.max(unkept, purged);
  }

  #now(): number {
    return Math.trunc(this.#wallTime());
  }
}

interface TotalsRow {
  readonly waiting: string;
  readonly bytes: string;
  readonly dead: string;
  readonly is_read_only: boolean;
  readonly fsync: string;
}

function problemOf(row: TotalsRow | undefined): string | undefined {
  if (row?.is_read_only !== false) return 'the PostgreSQL server is read-only: is it a standby?';
  return row.fsync === 'on' ? undefined : 'fsync is off on the PostgreSQL server: a crash can lose messages';
}

function isId(id: StoreId): boolean {
  return Number.isSafeInteger(id);
}
