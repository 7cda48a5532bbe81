import type {
  DeadLetter,
  DeadLetterCause,
  DeadLetterId,
  Position,
  QueueSize,
  Retention,
} from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import type { DeadRow } from './dead-statements.js';
import { limitOf, plus } from './making-room.js';
import { toDeadLetter } from './rows.js';
import type { Statements } from './statements.js';
import { fromKey, toKey } from './text-key.js';
import type { Users } from './users.js';

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/** A message by its place. */
interface MessagePlace {
  readonly userId: string;
  readonly position: Position;
}

interface Displaced {
  readonly added: ReadonlyMap<string, DeadLetter>;
  readonly deleted: readonly DeadLetter[];
}

const NOTHING: Displaced = { added: new Map(), deleted: [] };

/** Adds expired and displaced messages to the dead letters; lists, resends and deletes dead letters. */
export class DeadLetters {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #users: Users;
  readonly #retention: Required<Retention>;

  #onDeleted: (deadLetters: readonly DeadLetter[]) => void = () => {};

  constructor(database: Database, statements: Statements, users: Users, retention: Required<Retention>) {
    this.#database = database;
    this.#statements = statements;
    this.#users = users;
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

  /**
   * Turns up to `limit` messages that have waited longer than `maxAgeMs` into dead letters. A search also finds old messages that
   * no longer wait, once, and they count for its limit. So it is repeated until it finds none of these.
   */
  async expire(now: number, limit: number): Promise<readonly DeadLetter[]> {
    const { maxAgeMs } = this.#retention;
    if (maxAgeMs === Number.POSITIVE_INFINITY || limit <= 0) return [];
    const expired: DeadLetter[] = [];
    for (;;) {
      const { met, deadLetters } = await this.#expireSome(now, limit - expired.length);
      expired.push(...deadLetters);
      if (met === 0 || expired.length >= limit) return expired;
    }
  }

  /**
   * Turns messages that newer ones displaced into dead letters, inside the caller's transaction, which has locked the states
   * of their receivers. Returns them by `deadLetterKey`. After the commit the caller must pass `deleted` to
   * {@link notifyDeleted}.
   */
  async addDisplaced(client: ClientBase, places: readonly MessagePlace[], now: number): Promise<Displaced> {
    if (places.length === 0) return NOTHING;
    const userIds = [...new Set(places.map(({ userId }) => userId))];
    const { rows } = await client.query<{ no: string; id: Buffer }>({
      ...this.#statements.taking.lock,
      values: [userIds.map(toKey)],
    });
    const numbers = new Map(rows.map(({ no, id }) => [fromKey(id), no]));
    const own = places.filter(({ userId }) => numbers.has(userId));
    const died = await this.#die(
      client,
      own.map(({ userId }) => numbers.get(userId)),
      own.map(({ position }) => position),
      now,
      'displaced',
    );
    const added = new Map(
      died.map((row) => {
        const deadLetter = toDeadLetter(row);
        return [deadLetterKey(deadLetter.to, Number(row.position)), deadLetter] as const;
      }),
    );
    return { added, deleted: await this.#trim(client, now) };
  }

  async list(after: DeadLetterId, limit: number, userId: string | undefined): Promise<readonly DeadLetter[]> {
    const { list, listOf } = this.#statements.dead;
    const { rows } = await this.#database.run((client) =>
      userId === undefined
        ? client.query<DeadRow>({ ...list, values: [after, limit] })
        : client.query<DeadRow>({ ...listOf, values: [after, limit, toKey(userId)] }),
    );
    return rows.map(toDeadLetter);
  }

  /** Appends dead letters again, in this order, while there is room. Resolves with the number of the receiver of each. */
  async resend(ids: readonly DeadLetterId[], now: number): Promise<readonly string[]> {
    const values = [[...new Set(ids)]];
    const { rows: candidates } = await this.#database.run((client) =>
      client.query<{ id: string; receiver_id: Buffer; sender: Buffer; bytes: number }>({
        ...this.#statements.dead.find,
        values,
      }),
    );
    if (candidates.length === 0) return [];
    const keepsHistory = this.#retention.historyMs > 0;
    if (keepsHistory) await this.#users.make(candidates.map(({ sender }) => fromKey(sender)));
    const userIds = [...new Set(candidates.map(({ receiver_id }) => fromKey(receiver_id)))];
    return this.#database.transaction(BEGIN, async (client) => {
      const sizes = await this.#sizesOf(client, userIds);
      const admitted: string[] = [];
      for (const { id, receiver_id, bytes } of candidates) {
        const userId = fromKey(receiver_id);
        const size = plus(sizes.get(userId) ?? { messages: 0, bytes: 0 }, { messages: 1, bytes });
        if (limitOf(size, this.#retention) !== undefined) continue;
        sizes.set(userId, size);
        admitted.push(id);
      }
      const resent = await client.query<{ no: string }>({
        ...this.#statements.dead.resend,
        values: [admitted, Math.trunc(now), keepsHistory],
      });
      return resent.rows.map(({ no }) => no);
    });
  }

  /** The v6 device has taken messages that had become these dead letters. */
  async confirm(ids: readonly string[], now: number): Promise<void> {
    const keepsHistory = this.#retention.historyMs > 0;
    if (keepsHistory) {
      const { rows } = await this.#database.run((client) =>
        client.query<{ sender: Buffer }>({ ...this.#statements.dead.find, values: [ids] }),
      );
      await this.#users.make(rows.map(({ sender }) => fromKey(sender)));
    }
    const values = [ids, now, keepsHistory];
    await this.#database.run((client) => client.query({ ...this.#statements.dead.confirm, values }));
  }

  /** Deletes dead letters; their keys are remembered from `now` on. */
  async discard(ids: readonly DeadLetterId[], now: number): Promise<number> {
    const { rows } = await this.#database.run((client) =>
      client.query({ ...this.#statements.dead.discard, values: [ids, now] }),
    );
    return rows.length;
  }

  /** `met`: how many old messages were looked at, of users whom no other node has locked. */
  async #expireSome(
    now: number,
    limit: number,
  ): Promise<{ readonly met: number; readonly deadLetters: readonly DeadLetter[] }> {
    const { overdue, lockOverdue } = this.#statements.dead;
    const cutoff = Math.trunc(now) - this.#retention.maxAgeMs;
    const { met, rows, deleted } = await this.#database.transaction(BEGIN, async (client) => {
      const found = await client.query<{ no: string; position: string }>({
        ...overdue,
        values: [cutoff, limit],
      });
      const users = [...new Set(found.rows.map(({ no }) => no))];
      if (users.length === 0) return { met: 0, rows: [], deleted: [] };
      const locked = await client.query<{ no: string }>({ ...lockOverdue, values: [users] });
      const ours = new Set(locked.rows.map(({ no }) => no));
      const own = found.rows.filter(({ no }) => ours.has(no));
      const died = await this.#die(
        client,
        own.map(({ no }) => no),
        own.map(({ position }) => position),
        Math.trunc(now),
        'expired',
      );
      const trimmed = died.length > 0 ? await this.#trim(client, Math.trunc(now)) : [];
      return { met: own.length, rows: died, deleted: trimmed };
    });
    this.notifyDeleted(deleted);
    return { met, deadLetters: rows.map(toDeadLetter) };
  }

  async #die(
    client: ClientBase,
    numbers: readonly unknown[],
    positions: readonly unknown[],
    now: number,
    cause: DeadLetterCause,
  ): Promise<readonly DeadRow[]> {
    const values = [numbers, positions, now, cause];
    return (await client.query<DeadRow>({ ...this.#statements.dead.die, values })).rows;
  }

  /** Locks logs and returns what waits in each. */
  async #sizesOf(client: ClientBase, userIds: readonly string[]): Promise<Map<string, QueueSize>> {
    const { rows } = await client.query<{ id: Buffer; messages: string; bytes: string }>({
      ...this.#statements.dead.lockLogs,
      values: [userIds.map(toKey)],
    });
    return new Map(
      rows.map(({ id, messages, bytes }) => [
        fromKey(id),
        { messages: Number(messages), bytes: Number(bytes) },
      ]),
    );
  }

  /** Deletes the oldest dead letters beyond `maxDeadLetters`. */
  async #trim(client: ClientBase, now: number): Promise<readonly DeadLetter[]> {
    const { rows } = await client.query<{ dead: string }>(this.#statements.read.totals);
    const excess = Number(rows[0]?.dead ?? 0) - this.#retention.maxDeadLetters;
    if (excess <= 0) return [];
    const trimmed = await client.query<DeadRow>({ ...this.#statements.dead.trim, values: [excess, now] });
    return trimmed.rows.map(toDeadLetter);
  }
}

/** Identifies a message that has become a dead letter by its place. */
export function deadLetterKey(userId: string, position: Position): string {
  return `${position} ${userId}`;
}
