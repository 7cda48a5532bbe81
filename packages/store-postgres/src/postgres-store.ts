import type {
  Advance,
  AppendResult,
  Confirmation,
  Conversation,
  ConversationQuery,
  DeadLetter,
  DeadLetterId,
  HistoryQuery,
  KeptRecord,
  LogPage,
  Position,
  QueueSize,
  SharedStore,
  StoredDevice,
  StoredMessage,
  StoreHealth,
  Sweep,
} from '@imcore/server/ports';
import { Appender } from './appender.js';
import { Batches } from './batches.js';
import { Database } from './database.js';
import { DeadLetters } from './dead-letters.js';
import { Devices, type Taken } from './devices.js';
import { History } from './history.js';
import {
  type CompleteOptions,
  completeOptions,
  type PostgresStore,
  type PostgresStoreOptions,
} from './options.js';
import { Reads } from './reads.js';
import { Removal } from './removal.js';
import { beginSchema, prepareSchema } from './schema.js';
import { type Query, sharedPart } from './shared-part.js';
import type { Statement } from './statement.js';
import { statementsFor } from './statements.js';
import { TotalBytes } from './total-bytes.js';
import { Users } from './users.js';

/** Maximum messages, confirmations and positions of one batch. */
const MAX_APPEND = 2048;
const MAX_CONFIRM = 4096;
const MAX_ADVANCE = 1024;
/** How often keys are forgotten after confirmations, and how many statements each time. */
const FORGET_EVERY_MS = 60_000;
const FORGET_ROUNDS = 2;

/**
 * Keeps logs in PostgreSQL (tested with 15), for any number of nodes.
 *
 * When an append resolves, its messages are as durable as a commit with `synchronous_commit = on`, which is set for each
 * session: on the server's disk and, if `synchronous_standby_names` is set, on the disks of the synchronous standbys. With
 * `fsync = off` on the server, a crash can lose them.
 *
 * Appends of one store run one after the other, in batches; so do confirmations, and positions of named devices. Nodes that
 * append to the same log wait for each other, so that positions have no gaps and become visible in their order.
 *
 * While the database is not reachable, calls reject within `connectTimeoutMs` (or the statement's timeout); later calls
 * succeed as soon as it is back. An append whose connection was lost at the commit may have been stored: repeat it, and
 * stored messages are `duplicate`. Use direct connections or a pooler in session mode: the store uses session settings and
 * prepared statements.
 *
 * What the only device of a user confirms is removed by the confirmation itself; other entries are removed when positions
 * advance, and by `expire`, in slices. Expired keys are deleted at confirmations and by `expire`.
 *
 * @throws StoreError `ERR_STORE_FAILED` for an invalid option of the database; UsageError `ERR_INVALID_OPTION` for an
 *   invalid retention option or an unknown option. Error messages never contain credentials.
 */
export function postgresStore(options: PostgresStoreOptions = {}): PostgresStore {
  return new PostgresMessageStore(completeOptions(options));
}

class PostgresMessageStore implements PostgresStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly shared: SharedStore;
  readonly #options: CompleteOptions;
  readonly #database: Database;
  readonly #reads: Reads;
  readonly #total: TotalBytes;
  readonly #deadLetters: DeadLetters;
  readonly #devices: Devices;
  readonly #history: History;
  readonly #removal: Removal;
  readonly #appender: Appender;
  readonly #appends: Batches<StoredMessage, AppendResult>;
  readonly #confirmations: Batches<Taken, undefined>;
  readonly #advances: Batches<Advance, undefined>;
  #ready: Promise<void> | undefined;
  #forgetAt = 0;
  /** `now` of the last `expire`, which does not trust a clock that jumps: nothing is forgotten by a later time. */
  #expiredAt = Number.NEGATIVE_INFINITY;

  constructor(options: CompleteOptions) {
    const { schema, retention } = options;
    this.#options = options;
    this.keepsHistory = retention.historyMs > 0;
    const statements = statementsFor(schema);
    const database = new Database(options);
    this.#database = database;
    const query: Query = (statement, values) => this.#query(statement, values);
    this.shared = sharedPart(statements.read, query);
    this.#reads = new Reads(statements.read, query);
    this.#total = new TotalBytes(retention.maxTotalBytes);
    const users = new Users(database, statements.user);
    this.#removal = new Removal(database, statements.removal, retention);
    this.#deadLetters = new DeadLetters(database, statements, users, retention);
    this.#devices = new Devices(database, statements, users, this.#removal, this.#deadLetters, retention);
    this.#history = new History(database, statements.user);
    this.#appender = new Appender(
      database,
      statements,
      users,
      this.#total,
      this.#deadLetters,
      this.#removal,
      retention,
    );
    this.#appends = new Batches(MAX_APPEND, (messages) => this.#append(messages));
    this.#confirmations = new Batches(MAX_CONFIRM, (taken) => this.#confirm(taken));
    this.#advances = new Batches(MAX_ADVANCE, (advances) => this.#advance(advances));
  }

  open(): Promise<void> {
    this.#ready ??= this.#prepare();
    return this.#ready;
  }

  epoch(): Promise<string> {
    return this.#reads.epoch();
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return this.#appends.add(messages);
  }

  take(userId: string, after: Position, limit: number): Promise<LogPage> {
    return this.#reads.page('take', userId, after, limit);
  }

  read(userId: string, after: Position, limit: number): Promise<LogPage> {
    return this.#reads.page('read', userId, after, limit);
  }

  async confirm(confirmations: readonly Confirmation[]): Promise<void> {
    await this.#confirmations.add(
      confirmations.flatMap(({ userId, positions }) =>
        positions.filter(isPosition).map((position) => ({ userId, position })),
      ),
    );
  }

  async advance(advances: readonly Advance[]): Promise<void> {
    await this.#advances.add(advances.filter(({ position }) => isPosition(position)));
  }

  async putDevice(userId: string, device: StoredDevice): Promise<StoredDevice> {
    await this.open();
    return this.#devices.put(userId, device, this.#now());
  }

  async removeDevice(userId: string, deviceId: string): Promise<boolean> {
    await this.open();
    return this.#devices.remove(userId, deviceId, this.#now());
  }

  async devices(userId: string): Promise<readonly StoredDevice[]> {
    await this.open();
    return this.#devices.list(userId);
  }

  count(userId: string): Promise<QueueSize> {
    return this.#reads.count(userId);
  }

  async expire(now: number, limit: number): Promise<Sweep> {
    await this.open();
    this.#expiredAt = Math.trunc(now);
    const removedDevices = await this.#devices.removeUnseen(now);
    const deadLetters = await this.#deadLetters.expire(now, limit);
    const trimmed = await this.#removal.sweep(Math.trunc(now));
    await this.#removal.forget(now);
    this.#total.changed();
    return { deadLetters, trimmed, removedDevices };
  }

  async deadLetters(after: DeadLetterId, limit: number, userId?: string): Promise<readonly DeadLetter[]> {
    await this.open();
    return this.#deadLetters.list(after, limit, userId);
  }

  async resend(ids: readonly DeadLetterId[], now: number): Promise<number> {
    await this.open();
    const receivers = await this.#deadLetters.resend(ids.filter(isPosition), now);
    this.#removal.mark(receivers);
    return receivers.length;
  }

  async discard(ids: readonly DeadLetterId[]): Promise<number> {
    await this.open();
    const count = await this.#deadLetters.discard(ids.filter(isPosition), this.#now());
    this.#total.changed();
    return count;
  }

  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#deadLetters.onDeleted(listener);
  }

  async history(query: HistoryQuery): Promise<readonly KeptRecord[]> {
    if (!this.keepsHistory) return [];
    await this.open();
    return this.#history.between(query);
  }

  async conversations(query: ConversationQuery): Promise<readonly Conversation[]> {
    if (!this.keepsHistory) return [];
    await this.open();
    return this.#history.conversations(query);
  }

  health(): Promise<StoreHealth> {
    return this.#reads.health();
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
    const { schema, onProgress } = this.#options;
    try {
      await this.#database.transaction(beginSchema(schema), (client) =>
        prepareSchema(client, schema, onProgress),
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

  async #confirm(taken: readonly Taken[]): Promise<readonly undefined[]> {
    await this.open();
    const now = this.#now();
    await this.#devices.confirm(taken, now);
    this.#total.changed();
    await this.#forgetOld(Math.min(now, this.#expiredAt));
    return taken.map(() => undefined);
  }

  async #advance(advances: readonly Advance[]): Promise<readonly undefined[]> {
    await this.open();
    await this.#devices.advance(advances, this.#now());
    this.#total.changed();
    return advances.map(() => undefined);
  }

  /** Deletes expired keys, a limited number at a time. */
  async #forgetOld(now: number): Promise<void> {
    if (now < this.#forgetAt) return;
    this.#forgetAt = now + FORGET_EVERY_MS;
    try {
      if (await this.#removal.forget(now, FORGET_ROUNDS)) this.#forgetAt = now;
    } catch {
      // The confirmation itself has succeeded. A later one forgets again.
    }
  }

  #now(): number {
    return Math.trunc(this.#options.wallTime());
  }
}

/** Whether a number can be a position or a number of a dead letter. */
function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
