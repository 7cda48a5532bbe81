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
import { appendAll, beginAppend } from './appending.js';
import { Batches } from './batches.js';
import { Database, type PostgresConnection } from './database.js';
import { MailboxCounts } from './mailbox-counts.js';
import { beginSchema, lockClassOf, prepareSchema } from './schema.js';
import { type Statements, statementsFor } from './statements.js';
import { fromKey, toKey } from './text-key.js';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. Wins over `connection` where both speak. */
  readonly url?: string;
  /** The same in parts. Default: libpq's environment variables (`PGHOST`, …), then the local server. */
  readonly connection?: PostgresConnection;
  /** The schema that holds the tables; made where there is none. Default `imcore`. */
  readonly schema?: string;
  /** Connections at most, for this store. Default 8. */
  readonly maxConnections?: number;
  /** How long a call waits for a connection, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** How long one statement may take, in milliseconds; also how long it waits for another node. Default 10 000. */
  readonly statementTimeoutMs?: number;
  /**
   * Messages that wait for one user at most; beyond it `append` answers `full`. Default 100 000. Counts are asked
   * of the database every ten seconds, so that several nodes may together pass it a little.
   */
  readonly maxPerUser?: number;
  /** How long a delivered message's fingerprint is remembered, in milliseconds. Default 24 hours. */
  readonly rememberMs?: number;
  /** Milliseconds since 1970. Default: the machine's. */
  readonly wallTime?: () => number;
}

/** A store that is also told when to connect. */
export interface PostgresStore extends MessageStore {
  /**
   * Connects and brings the schema to the newest version. The first call of any other method does it too; a program
   * that calls this first learns at its start what is wrong.
   *
   * @throws StoreError `ERR_STORE_FAILED` when there is no connection, or the schema belongs to a newer version.
   */
  open(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Remembered rows that one purge takes, so that none takes long. */
const PURGE_ROWS = 1000;
/** Messages of one transaction, where several calls come together. */
const MAX_APPEND = 2048;
const MAX_CONFIRM = 4096;

/**
 * Keeps messages in PostgreSQL (tested with 15), for any number of nodes.
 *
 * An append that has resolved is as durable as the database's commit is with `synchronous_commit = on`, which is set
 * for each session: on the disk of the server, and on that of its synchronous standbys where
 * `synchronous_standby_names` names some. `fsync = off` on the server would make it no promise at all.
 *
 * Appends of one store are done one after the other, many messages at a time; so are confirmations. Nodes that append
 * to one receiver wait for each other, so that a cursor never passes a message that is not to be seen yet.
 *
 * While the database is away, calls reject within `connectTimeoutMs` (or the statement's time); later ones succeed
 * as soon as it is back. An append whose connection was lost at the commit may have been done: repeat it, and what
 * was done is a `duplicate`. Between a node and the database use direct connections or a pooler in session mode:
 * sessions have settings and prepared statements.
 *
 * Fingerprints of confirmed messages are purged at confirmations, 1000 rows at a time.
 *
 * @throws StoreError `ERR_STORE_FAILED` when an option makes no sense. Messages of errors never hold credentials.
 */
export function postgresStore(options: PostgresStoreOptions = {}): PostgresStore {
  return new PostgresMessageStore(options);
}

interface ConfirmedId {
  readonly userId: string;
  readonly id: StoreId;
}

interface PageRow {
  readonly id: string;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  readonly body: Buffer;
  readonly accepted_at: string;
}

class PostgresMessageStore implements PostgresStore {
  readonly durable = true;
  readonly keepsHistory = false;
  readonly #database: Database;
  readonly #schema: string;
  readonly #lockClass: number;
  readonly #rememberMs: number;
  readonly #wallTime: () => number;
  readonly #statements: Statements;
  readonly #counts: MailboxCounts;
  readonly #appends: Batches<StoredMessage, AppendResult>;
  readonly #confirmations: Batches<ConfirmedId, undefined>;
  #ready: Promise<void> | undefined;
  #purgeAt = 0;

  constructor(options: PostgresStoreOptions) {
    this.#schema = requireSchema(options.schema ?? 'imcore');
    this.#lockClass = lockClassOf(this.#schema);
    this.#rememberMs = requireWhole('rememberMs', options.rememberMs ?? DAY_MS, 0);
    this.#wallTime = options.wallTime ?? Date.now;
    this.#statements = statementsFor(this.#schema);
    this.#counts = new MailboxCounts(requireWhole('maxPerUser', options.maxPerUser ?? 100_000, 1));
    this.#appends = new Batches(MAX_APPEND, (messages) => this.#append(messages));
    this.#confirmations = new Batches(MAX_CONFIRM, (confirmations) => this.#confirm(confirmations));
    this.#database = new Database({
      url: options.url,
      connection: options.connection,
      maxConnections: requireWhole('maxConnections', options.maxConnections ?? 8, 1),
      connectTimeoutMs: requireWhole('connectTimeoutMs', options.connectTimeoutMs ?? 5000, 1),
      statementTimeoutMs: requireWhole('statementTimeoutMs', options.statementTimeoutMs ?? 10_000, 1),
    });
  }

  open(): Promise<void> {
    this.#ready ??= this.#prepare();
    return this.#ready;
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return this.#appends.add(messages);
  }

  async take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    await this.open();
    const values = [toKey(userId), after ?? 0, limit];
    const { rows } = await this.#database.run((client) =>
      client.query<PageRow>({ ...this.#statements.page, values }),
    );
    return rows.map((row) => ({
      id: Number(row.id),
      to: userId,
      from: fromKey(row.sender),
      fingerprint: fromKey(row.fingerprint),
      body: row.body.toString('latin1'),
      acceptedAt: Number(row.accepted_at),
    }));
  }

  async confirm(confirmations: readonly Confirmation[]): Promise<void> {
    await this.#confirmations.add(
      confirmations.flatMap(({ userId, ids }) =>
        ids.filter(Number.isSafeInteger).map((id) => ({ userId, id })),
      ),
    );
  }

  async count(userId: string): Promise<MailboxSize> {
    await this.open();
    const { rows } = await this.#database.run((client) =>
      client.query<{ waiting: string; bytes: string }>({
        ...this.#statements.count,
        values: [[toKey(userId)]],
      }),
    );
    return { messages: Number(rows[0]?.waiting ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
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
    return Promise.resolve({ ok: true, waiting: 0, waitingBytes: 0, deadLetters: 0 });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** What failed is tried again at the next call. */
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
    const now = this.#now();
    try {
      const results = await this.#database.transaction(beginAppend(this.#lockClass, messages), (client) =>
        appendAll(client, this.#statements, this.#counts, messages, now),
      );
      for (const [index, result] of results.entries()) {
        if (result.outcome === 'stored') this.#counts.changed(messages[index]?.to ?? '', 1);
      }
      return results;
    } catch (error) {
      this.#counts.forget(messages.map(({ to }) => to));
      throw error;
    }
  }

  async #confirm(confirmations: readonly ConfirmedId[]): Promise<readonly undefined[]> {
    await this.open();
    const now = this.#now();
    const values = [confirmations.map(({ userId }) => toKey(userId)), confirmations.map(({ id }) => id), now];
    try {
      const { rows } = await this.#database.run((client) =>
        client.query<{ n: string }>({ ...this.#statements.confirm, values }),
      );
      for (const { n } of rows) this.#counts.changed(confirmations[Number(n) - 1]?.userId ?? '', -1);
    } catch (error) {
      this.#counts.forget(confirmations.map(({ userId }) => userId));
      throw error;
    }
    await this.#purgeOld(now);
    return confirmations.map(() => undefined);
  }

  /** Forgets what was delivered long ago, a little at a time. */
  async #purgeOld(now: number): Promise<void> {
    if (now < this.#purgeAt) return;
    this.#purgeAt = now + 60_000;
    try {
      const values = [now - this.#rememberMs, PURGE_ROWS];
      const { rowCount } = await this.#database.run((client) =>
        client.query({ ...this.#statements.purge, values }),
      );
      if (rowCount === PURGE_ROWS) this.#purgeAt = now + 100;
    } catch {
      // The confirmation itself has succeeded. A later one purges.
    }
  }

  #now(): number {
    return Math.trunc(this.#wallTime());
  }
}

function requireSchema(schema: string): string {
  if (schema !== '' && !schema.includes('\0') && Buffer.byteLength(schema) <= 63) return schema;
  throw new StoreError('ERR_STORE_FAILED', 'the schema of a PostgreSQL store is a name of 1 to 63 bytes');
}

function requireWhole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StoreError('ERR_STORE_FAILED', `${name} must be a whole number from ${least} up, not ${value}`);
}
