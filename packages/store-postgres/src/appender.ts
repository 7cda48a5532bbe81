import {
  type AppendResult,
  type DeadLetter,
  type Retention,
  type StoredMessage,
  StoreError,
} from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import { codeOf, type Database } from './database.js';
import { type DeadLetters, deadLetterKey } from './dead-letters.js';
import { type Draft, Drafts, stored } from './draft.js';
import { chunksOf, findKnown, insert, lockedBy, namedBy } from './inserting.js';
import { type Admission, makeRoom, type NextOldest, type Occupant } from './making-room.js';
import type { Removal } from './removal.js';
import type { Statements } from './statements.js';
import { fromKey, toKey } from './text-key.js';
import type { TotalBytes } from './total-bytes.js';
import type { Users } from './users.js';

/** Rows of a full log that are read in one round trip. */
const OLDEST_ROWS = 500;
/** SQLSTATE of a key that is not unique. */
const NOT_UNIQUE = '23505';
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

const NONE: ReadonlySet<Draft> = new Set();

/**
 * Appends messages. For receivers with room that is one statement; for receivers without, it is a transaction that decides
 * which messages are rejected or displaced.
 */
export class Appender {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #users: Users;
  readonly #total: TotalBytes;
  readonly #deadLetters: DeadLetters;
  readonly #removal: Removal;
  readonly #retention: Required<Retention>;

  constructor(
    database: Database,
    statements: Statements,
    users: Users,
    total: TotalBytes,
    deadLetters: DeadLetters,
    removal: Removal,
    retention: Required<Retention>,
  ) {
    this.#database = database;
    this.#statements = statements;
    this.#users = users;
    this.#total = total;
    this.#deadLetters = deadLetters;
    this.#removal = removal;
    this.#retention = retention;
  }

  /** Appends messages at `now`, in milliseconds since 1970. One result for each message, in order. */
  async append(messages: readonly StoredMessage[], now: number): Promise<readonly AppendResult[]> {
    const drafts = new Drafts(messages);
    try {
      const beyond = await this.#rejectBeyondTotal(drafts.all, now);
      const admitted = beyond.size === 0 ? drafts.all : drafts.all.filter((draft) => !beyond.has(draft));
      const tight = await this.#insertOrMakeUsers(admitted);
      await this.#insertTight(tight, now);
      this.#total.stored(admitted);
      return drafts.results(resultOf);
    } catch (error) {
      this.#total.changed();
      throw error;
    }
  }

  /** Sets the result of drafts that the store has no room for, and returns them. Copies of stored messages are duplicates. */
  async #rejectBeyondTotal(drafts: readonly Draft[], now: number): Promise<ReadonlySet<Draft>> {
    if (this.#total.mustRead(now)) {
      const { rows } = await this.#database.run((client) =>
        client.query<{ total_bytes: string }>(this.#statements.read.totals),
      );
      this.#total.read(Number(rows[0]?.total_bytes ?? 0), now);
    }
    const beyond = this.#total.beyond(drafts);
    if (beyond.length === 0) return NONE;
    await this.#database.run((client) => findKnown(client, this.#statements, beyond));
    for (const draft of beyond) draft.result ??= { outcome: 'full', limit: 'maxTotalBytes' };
    return new Set(beyond);
  }

  /** Returns the drafts whose receivers have no room. */
  async #insertOrMakeUsers(drafts: readonly Draft[]): Promise<readonly Draft[]> {
    const userIds = namedBy(drafts, this.#keepsHistory);
    await this.#users.make(userIds);
    const inserted = await this.#insert(drafts);
    if (inserted !== undefined) return inserted;
    // Rows that this node has seen are gone: the database was set back.
    this.#users.forgetAll();
    await this.#users.make(userIds);
    const again = await this.#insert(drafts);
    if (again !== undefined) return again;
    throw new StoreError('ERR_STORE_FAILED', 'rows of users disappear from the database: retry the append');
  }

  /**
   * Inserts drafts and returns those whose receivers have no room; undefined if a user has no row. One statement is its own
   * transaction. Several are run in one, so that a call is stored completely or not at all; also one that did not see a message
   * of another node: now it has the locks before it looks.
   */
  #insert(drafts: readonly Draft[]): Promise<readonly Draft[] | undefined> {
    const chunks = chunksOf(drafts);
    return this.#database.run(async (client) => {
      if (chunks.length <= 1) {
        try {
          return await this.#insertChunks(client, chunks);
        } catch (error) {
          if (codeOf(error) !== NOT_UNIQUE) throw error;
        }
      }
      for (const draft of drafts) draft.result = undefined;
      await client.query(BEGIN);
      await this.#lock(client, lockedBy(drafts));
      const tight = await this.#insertChunks(client, chunks);
      await client.query(tight === undefined ? 'ROLLBACK' : 'COMMIT');
      return tight;
    });
  }

  async #insertChunks(
    client: ClientBase,
    chunks: readonly (readonly Draft[])[],
  ): Promise<readonly Draft[] | undefined> {
    const tight: Draft[] = [];
    const full = new Set<string>();
    for (const chunk of chunks) {
      const admitted = full.size === 0 ? chunk : chunk.filter(({ message }) => !full.has(message.to));
      if (admitted.length < chunk.length) tight.push(...chunk.filter(({ message }) => full.has(message.to)));
      if (admitted.length === 0) continue;
      const inserted = await insert(client, this.#statements, admitted, this.#limits(true));
      if (inserted.isMissingUser) return undefined;
      this.#removal.mark(inserted.long);
      for (const draft of inserted.tight) full.add(draft.message.to);
      tight.push(...inserted.tight);
    }
    return tight;
  }

  async #insertTight(drafts: readonly Draft[], now: number): Promise<void> {
    if (drafts.length === 0) return;
    const byReceiver = new Map<string, Draft[]>();
    for (const draft of drafts) {
      const own = byReceiver.get(draft.message.to);
      if (own === undefined) byReceiver.set(draft.message.to, [draft]);
      else own.push(draft);
    }
    const deleted = await this.#database.transaction(BEGIN, async (client) => {
      for (const draft of drafts) draft.result = undefined;
      const sizes = await this.#lock(client, lockedBy(drafts));
      const receivers = [...byReceiver.keys()].map(toKey);
      await client.query({ ...this.#statements.taking.lock, values: [receivers] });
      await findKnown(client, this.#statements, drafts);
      const admissions: Admission[] = [];
      for (const [userId, own] of byReceiver) {
        const fresh = own.filter(({ result }) => result === undefined);
        const size = sizes.get(userId) ?? { messages: 0, bytes: 0 };
        admissions.push(...(await makeRoom(fresh, size, this.#retention, this.#oldestOf(client, userId))));
      }
      return this.#carryOut(client, admissions, now);
    });
    this.#deadLetters.notifyDeleted(deleted);
  }

  /** Locks logs and returns what waits in each. */
  async #lock(
    client: ClientBase,
    userIds: Iterable<string>,
  ): Promise<ReadonlyMap<string, { readonly messages: number; readonly bytes: number }>> {
    const { rows } = await client.query<{ id: Buffer; messages: string; bytes: string }>({
      ...this.#statements.dead.lockLogs,
      values: [[...userIds].map(toKey)],
    });
    return new Map(
      rows.map(({ id, messages, bytes }) => [
        fromKey(id),
        { messages: Number(messages), bytes: Number(bytes) },
      ]),
    );
  }

  /** Returns the dead letters that were deleted because there were more than `maxDeadLetters`. */
  async #carryOut(
    client: ClientBase,
    admissions: readonly Admission[],
    now: number,
  ): Promise<readonly DeadLetter[]> {
    const admitted: Draft[] = [];
    for (const { draft, limit } of admissions) {
      if (limit === undefined) admitted.push(draft);
      else draft.result = { outcome: 'full', limit };
    }
    for (const chunk of chunksOf(admitted)) {
      const { isMissingUser, long } = await insert(client, this.#statements, chunk, this.#limits(false));
      if (isMissingUser) throw new StoreError('ERR_STORE_FAILED', 'a user disappeared: retry the append');
      this.#removal.mark(long);
    }
    const displaced = admissions.flatMap((admission) =>
      admission.limit !== undefined
        ? []
        : admission.displaces.map((occupant) => ({
            userId: admission.draft.message.to,
            position: positionOf(occupant),
          })),
    );
    const { added, deleted } = await this.#deadLetters.addDisplaced(client, displaced, now);
    for (const admission of admissions) {
      const { draft } = admission;
      if (admission.limit !== undefined || draft.result?.outcome !== 'stored') continue;
      const own = admission.displaces.flatMap(
        (occupant) => added.get(deadLetterKey(draft.message.to, positionOf(occupant))) ?? [],
      );
      draft.result = stored(draft.result.id, draft.result.position, draft.result.echo, own);
    }
    return deleted;
  }

  /** Reads what waits for a user from the oldest message on, `OLDEST_ROWS` per round trip. */
  #oldestOf(client: ClientBase, userId: string): NextOldest {
    let page: { readonly position: string; readonly bytes: number }[] = [];
    let after = 0;
    let isAtEnd = false;
    return async () => {
      if (page.length === 0 && !isAtEnd) {
        const values = [toKey(userId), after, OLDEST_ROWS];
        page = (await client.query({ ...this.#statements.read.oldest, values })).rows;
        isAtEnd = page.length < OLDEST_ROWS;
      }
      const row = page.shift();
      if (row === undefined) return undefined;
      after = Number(row.position);
      return { position: after, bytes: row.bytes };
    };
  }

  #limits(hasLimits: boolean) {
    const { maxPerUser, maxBytesPerUser, maxLogEntries } = this.#retention;
    return {
      maxPerUser: hasLimits ? maxPerUser : undefined,
      maxBytesPerUser: hasLimits ? maxBytesPerUser : undefined,
      maxLogEntries,
      keepsHistory: this.#keepsHistory,
    };
  }

  get #keepsHistory(): boolean {
    return this.#retention.historyMs > 0;
  }
}

function positionOf(occupant: Occupant): number {
  if (occupant.kind === 'waiting') return occupant.position;
  const { result } = occupant.draft;
  return result?.outcome === 'stored' ? result.position : 0;
}

/** A known message may be forgotten between the insert that it blocked and the lookup. A retry stores it. */
function resultOf({ result }: Draft): AppendResult {
  if (result !== undefined) return result;
  throw new StoreError('ERR_STORE_FAILED', 'a duplicate was forgotten during the append: retry the append');
}
