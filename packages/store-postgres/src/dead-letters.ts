import type { DeadLetter, QueueSize, Retention, StoreId } from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import { beginLocked } from './inserting.js';
import { limitOf, plus } from './queue-counts.js';
import { type DeadRow, toDeadLetter } from './rows.js';
import type { MessageRow, Statements } from './statements.js';
import { fromKey, toKey } from './text-key.js';

/** Identifies a message to PostgreSQL: rows are found by receiver and id. */
interface MessageRef {
  readonly userId: string;
  readonly id: StoreId;
}

/** A dead letter to resend. */
interface Candidate {
  readonly id: StoreId;
  readonly userId: string;
  readonly bytes: number;
}

/** Adds expired and displaced messages to the dead letters; lists, resends and deletes dead letters. */
export class DeadLetters {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #lockClass: number;
  readonly #retention: Required<Retention>;

  #onDeleted: (deadLetters: readonly DeadLetter[]) => void = () => {};

  constructor(database: Database, statements: Statements, lockClass: number, retention: Required<Retention>) {
    this.#database = database;
    this.#statements = statements;
    this.#lockClass = lockClass;
    this.#retention = retention;
  }

  /** Sets the listener for dead letters that are deleted because there are more than `maxDeadLetters`. */
  onDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#onDeleted = listener;
  }

  /** Call after the commit of the transaction that deleted these. */
  notifyDeleted(deadLetters: readonly DeadLetter[]): void {
    if (deadLetters.length > 0) this.#onDeleted(deadLetters);
  }

  /** Turns up to `limit` messages that have waited longer than `maxAgeMs` into dead letters. */
  async expire(now: number, limit: number): Promise<readonly DeadLetter[]> {
    const { maxAgeMs } = this.#retention;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return [];
    const { expired, deleted } = await this.#database.transaction('BEGIN', async (client) => {
      const values = [Math.trunc(now) - maxAgeMs, limit, Math.trunc(now)];
      const { rows } = await client.query<MessageRow>({ ...this.#statements.expire, values });
      return {
        expired: rows.map((row) => toDeadLetter(row, 'expired', Math.trunc(now))),
        deleted: rows.length > 0 ? await this.#trim(client) : [],
      };
    });
    this.notifyDeleted(deleted);
    return expired;
  }

  /**
   * Turns messages that newer ones displaced into dead letters, inside the caller's transaction. Returns them by id. After
   * the commit the caller must pass `deleted` to {@link notifyDeleted}.
   */
  async addDisplaced(
    client: ClientBase,
    messages: readonly MessageRef[],
    now: number,
  ): Promise<{
    readonly added: ReadonlyMap<StoreId, DeadLetter>;
    readonly deleted: readonly DeadLetter[];
  }> {
    if (messages.length === 0) return { added: new Map(), deleted: [] };
    const values = [messages.map(({ userId }) => toKey(userId)), messages.map(({ id }) => id), now];
    const { rows } = await client.query<MessageRow>({ ...this.#statements.displace, values });
    const deadLetters = rows.map((row) => toDeadLetter(row, 'displaced', now));
    const deleted = await this.#trim(client);
    return { added: new Map(deadLetters.map((deadLetter) => [deadLetter.id, deadLetter])), deleted };
  }

  async list(after: StoreId, limit: number, userId: string | undefined): Promise<readonly DeadLetter[]> {
    const { rows } = await this.#database.run((client) =>
      userId === undefined
        ? client.query<DeadRow>({ ...this.#statements.dead, values: [after, limit] })
        : client.query<DeadRow>({ ...this.#statements.deadOf, values: [after, limit, toKey(userId)] }),
    );
    return rows.map(ofRow);
  }

  /** Returns dead letters to their queues, in this order, while there is room. Resolves with their receivers. */
  async resend(ids: readonly StoreId[], now: number): Promise<readonly string[]> {
    const candidates = await this.#database.run((client) => this.#candidates(client, ids));
    if (candidates.length === 0) return [];
    const userIds = [...new Set(candidates.map(({ userId }) => userId))];
    return this.#database.transaction(beginLocked(this.#lockClass, userIds), async (client) => {
      const sizes = await this.#sizesOf(client, userIds);
      const resent: string[] = [];
      for (const { id, userId, bytes } of candidates) {
        const size = plus(sizes.get(userId) ?? { messages: 0, bytes: 0 }, { messages: 1, bytes });
        if (limitOf(size, this.#retention) !== undefined) continue;
        const values = [id, Math.trunc(now)];
        const { rows } = await client.query({ ...this.#statements.resend, values });
        if (rows.length === 0) continue;
        sizes.set(userId, size);
        resent.push(userId);
      }
      return resent;
    });
  }

  /** Deletes dead letters; their keys are remembered from `now` on. */
  async discard(ids: readonly StoreId[], now: number): Promise<number> {
    const { rows } = await this.#database.run((client) =>
      client.query({ ...this.#statements.discard, values: [ids, now] }),
    );
    return rows.length;
  }

  async #candidates(client: ClientBase, ids: readonly StoreId[]): Promise<readonly Candidate[]> {
    const { rows } = await client.query<{ id: string; receiver: Buffer; bytes: number }>({
      ...this.#statements.findDead,
      values: [ids],
    });
    const found = new Map(rows.map(({ id, receiver, bytes }) => [Number(id), { receiver, bytes }]));
    return [...new Set(ids)].flatMap((id) => {
      const row = found.get(id);
      return row === undefined ? [] : [{ id, userId: fromKey(row.receiver), bytes: row.bytes }];
    });
  }

  async #sizesOf(client: ClientBase, userIds: readonly string[]): Promise<Map<string, QueueSize>> {
    const { rows } = await client.query<{ n: string; waiting: string; bytes: string }>({
      ...this.#statements.count,
      values: [userIds.map(toKey)],
    });
    return new Map(
      rows.map(({ n, waiting, bytes }) => [
        userIds[Number(n) - 1] ?? '',
        { messages: Number(waiting), bytes: Number(bytes) },
      ]),
    );
  }

  /** Deletes the oldest dead letters beyond `maxDeadLetters`. */
  async #trim(client: ClientBase): Promise<readonly DeadLetter[]> {
    const { rows } = await client.query<{ dead: string }>(this.#statements.totals);
    const excess = Number(rows[0]?.dead ?? 0) - this.#retention.maxDeadLetters;
    if (excess <= 0) return [];
    const trimmed = await client.query<DeadRow>({ ...this.#statements.trim, values: [excess] });
    return trimmed.rows.map(ofRow);
  }
}

function ofRow(row: DeadRow): DeadLetter {
  return toDeadLetter(row, row.cause, Number(row.died_at));
}
