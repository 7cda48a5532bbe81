import {
  type AppendResult,
  type DeadLetter,
  type Retention,
  type StoredMessage,
  StoreError,
  type StoreId,
} from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import type { DeadLetters } from './dead-letters.js';
import { additionsOf, type Draft, Drafts, stored } from './draft.js';
import { beginLocked, chunksOf, findKnown, insert } from './inserting.js';
import { type Admission, makeRoom, type Occupant } from './making-room.js';
import type { QueueCounts } from './queue-counts.js';
import type { Statements } from './statements.js';
import { toKey } from './text-key.js';
import type { TotalBytes } from './total-bytes.js';

/** Rows of a full queue that are read in one round trip. */
const OLDEST_ROWS = 500;

const NONE: ReadonlySet<Draft> = new Set();

/**
 * Appends messages. For receivers with room in their queue, that is one statement; for receivers whose queue is full, it
 * is a transaction that decides which messages are rejected or displaced.
 */
export class Appender {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #counts: QueueCounts;
  readonly #total: TotalBytes;
  readonly #deadLetters: DeadLetters;
  readonly #lockClass: number;
  readonly #retention: Required<Retention>;

  constructor(
    database: Database,
    statements: Statements,
    counts: QueueCounts,
    total: TotalBytes,
    deadLetters: DeadLetters,
    lockClass: number,
    retention: Required<Retention>,
  ) {
    this.#database = database;
    this.#statements = statements;
    this.#counts = counts;
    this.#total = total;
    this.#deadLetters = deadLetters;
    this.#lockClass = lockClass;
    this.#retention = retention;
  }

  /** Appends messages at `now`, in milliseconds since 1970. One result for each message, in order. */
  async append(messages: readonly StoredMessage[], now: number): Promise<readonly AppendResult[]> {
    const drafts = new Drafts(messages);
    try {
      const beyond = await this.#rejectBeyondTotal(drafts.all, now);
      const admitted = beyond.size === 0 ? drafts.all : drafts.all.filter((draft) => !beyond.has(draft));
      const additions = additionsOf(admitted);
      await this.#countUnknown(this.#counts.unknownOf(additions, now), now);
      const tight = new Set<string>();
      for (const [userId, addition] of additions) {
        if (this.#counts.limitFor(userId, addition) !== undefined) tight.add(userId);
      }
      await this.#insert(admitted.filter(({ message }) => !tight.has(message.to)));
      await this.#insertTight(
        admitted.filter(({ message }) => tight.has(message.to)),
        now,
      );
      this.#total.stored(admitted);
      return drafts.results(resultOf);
    } catch (error) {
      this.#counts.forget(messages.map(({ to }) => to));
      this.#total.changed();
      throw error;
    }
  }

  /** Sets the result of drafts that the store has no room for, and returns them. Copies of stored messages are duplicates. */
  async #rejectBeyondTotal(drafts: readonly Draft[], now: number): Promise<ReadonlySet<Draft>> {
    if (this.#total.mustRead(now)) {
      const { rows } = await this.#database.run((client) =>
        client.query<{ total_bytes: string }>(this.#statements.totals),
      );
      this.#total.read(Number(rows[0]?.total_bytes ?? 0), now);
    }
    const beyond = this.#total.beyond(drafts);
    if (beyond.length === 0) return NONE;
    await this.#database.run((client) => findKnown(client, this.#statements, beyond));
    for (const draft of beyond) draft.result ??= { outcome: 'full', limit: 'maxTotalBytes' };
    return new Set(beyond);
  }

  async #countUnknown(userIds: readonly string[], now: number): Promise<void> {
    if (userIds.length === 0) return;
    const { rows } = await this.#database.run((client) =>
      client.query<{ n: string; waiting: string; bytes: string }>({
        ...this.#statements.count,
        values: [userIds.map(toKey)],
      }),
    );
    for (const { n, waiting, bytes } of rows) {
      this.#counts.counted(
        userIds[Number(n) - 1] ?? '',
        { messages: Number(waiting), bytes: Number(bytes) },
        now,
      );
    }
  }

  /** One statement is its own transaction. Several are run in one, so that a call is stored completely or not at all. */
  async #insert(drafts: readonly Draft[]): Promise<void> {
    const [first, ...others] = chunksOf(drafts);
    if (first === undefined) return;
    if (others.length === 0) {
      await this.#database.run((client) => this.#insertChunk(client, first));
    } else {
      const receivers = drafts.map(({ message }) => message.to);
      await this.#database.transaction(beginLocked(this.#lockClass, receivers), async (client) => {
        for (const draft of drafts) draft.result = undefined;
        for (const chunk of [first, ...others]) await this.#insertChunk(client, chunk);
      });
    }
    for (const { message, result } of drafts) this.#countStored(message, result);
  }

  #insertChunk(client: ClientBase, drafts: readonly Draft[]): Promise<void> {
    return insert(client, this.#statements, this.#lockClass, this.#retention.historyMs > 0, drafts);
  }

  async #insertTight(drafts: readonly Draft[], now: number): Promise<void> {
    if (drafts.length === 0) return;
    const byReceiver = new Map<string, Draft[]>();
    for (const draft of drafts) {
      const { to } = draft.message;
      byReceiver.set(to, [...(byReceiver.get(to) ?? []), draft]);
    }
    const begin = beginLocked(this.#lockClass, byReceiver.keys());
    const deleted = await this.#database.transaction(begin, async (client) => {
      for (const draft of drafts) draft.result = undefined;
      await findKnown(client, this.#statements, drafts);
      const admissions: Admission[] = [];
      for (const [userId, own] of byReceiver) {
        const fresh = own.filter(({ result }) => result === undefined);
        const size = this.#counts.sizeOf(userId);
        admissions.push(...(await makeRoom(fresh, size, this.#retention, this.#oldestOf(client, userId))));
      }
      return this.#carryOut(client, admissions, now);
    });
    this.#deadLetters.notifyDeleted(deleted);
    // Displaced messages change the counts too: they are read again.
    if (this.#retention.whenFull === 'drop-oldest') this.#counts.forget(byReceiver.keys());
    else for (const { message, result } of drafts) this.#countStored(message, result);
  }

  #countStored({ to, body }: StoredMessage, result: AppendResult | undefined): void {
    if (result?.outcome === 'stored') this.#counts.changed(to, { messages: 1, bytes: body.length });
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
    for (const chunk of chunksOf(admitted)) await this.#insertChunk(client, chunk);
    const displaced = admissions.flatMap((admission) => {
      if (admission.limit !== undefined) return [];
      const { to } = admission.draft.message;
      return admission.displaces.map((occupant) => ({ userId: to, id: idOf(occupant) }));
    });
    const { added, deleted } = await this.#deadLetters.addDisplaced(client, displaced, now);
    for (const admission of admissions) {
      if (admission.limit !== undefined || admission.draft.result?.outcome !== 'stored') continue;
      const own = admission.displaces.flatMap((occupant) => added.get(idOf(occupant)) ?? []);
      admission.draft.result = stored(admission.draft.result.id, own);
    }
    return deleted;
  }

  /** Reads a queue from its oldest message on, `OLDEST_ROWS` per round trip. */
  #oldestOf(client: ClientBase, userId: string): () => Promise<{ id: StoreId; bytes: number } | undefined> {
    let page: { readonly id: string; readonly bytes: number }[] = [];
    let after = 0;
    let isAtEnd = false;
    return async () => {
      if (page.length === 0 && !isAtEnd) {
        const values = [toKey(userId), after, OLDEST_ROWS];
        page = (await client.query({ ...this.#statements.oldest, values })).rows;
        isAtEnd = page.length < OLDEST_ROWS;
      }
      const row = page.shift();
      if (row === undefined) return undefined;
      after = Number(row.id);
      return { id: after, bytes: row.bytes };
    };
  }
}

function idOf(occupant: Occupant): StoreId {
  if (occupant.kind === 'waiting') return occupant.id;
  const { result } = occupant.draft;
  return result?.outcome === 'stored' ? result.id : 0;
}

/** A known message may be purged between the insert that it blocked and the lookup. A retry stores it. */
function resultOf({ result }: Draft): AppendResult {
  if (result !== undefined) return result;
  throw new StoreError('ERR_STORE_FAILED', 'a duplicate was purged during the append: retry the append');
}
