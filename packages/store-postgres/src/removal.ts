import type { Retention, Sweep } from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import type { RemovableRow, RemovalStatements } from './removal-statements.js';
import { fromKey } from './text-key.js';

/** Entries of one kind and user that are removed in one transaction. */
const SLICE = 1000;
/** Users whose leftovers are removed in one transaction, and transactions of one sweep. */
const USERS_OF_SLICE = 100;
const SLICES_OF_SWEEP = 20;
/** Rows of `forgotten` that are deleted by one statement; each has the keys of one batch. */
const FORGOTTEN_ROWS = 64;
const PURGED_ROWS = 1000;
/** Statements of one call that forgets. */
const MAX_ROUNDS = 100;
/** Users that are marked in memory. */
const MAX_MARKED = 10_000;

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off';

/**
 * Removes entries that all devices have taken and trims logs that are too long, in slices; deletes what is in no log any more,
 * and forgets keys. If a crash of the database loses a removal, it is done again.
 */
export class Removal {
  readonly #database: Database;
  readonly #statements: RemovalStatements;
  readonly #retention: Required<Retention>;
  readonly #marked = new Set<string>();
  /** The user up to whom leftovers were looked for. */
  #cursor = '0';

  constructor(database: Database, statements: RemovalStatements, retention: Required<Retention>) {
    this.#database = database;
    this.#statements = statements;
    this.#retention = retention;
  }

  /** The next sweep looks at the logs of these users (numbers). */
  mark(numbers: Iterable<string>): void {
    for (const no of numbers) if (this.#marked.size < MAX_MARKED) this.#marked.add(no);
  }

  /**
   * Removes a slice of what all devices of these users (numbers) have taken, inside the caller's transaction, which has locked
   * their states. A later sweep looks again at those who have more than a slice, or whose logs are too long.
   */
  async removeTaken(client: ClientBase, numbers: readonly string[], now: number): Promise<void> {
    const rows = await this.#query<RemovableRow>(client, 'removable', [numbers, SLICE]);
    await this.#remove(client, rows, now);
    const counts = new Map<string, number>();
    for (const { no } of rows) counts.set(no, (counts.get(no) ?? 0) + 1);
    const unfinished = numbers.filter((no) => (counts.get(no) ?? 0) >= SLICE);
    const values = [numbers, unfinished, this.#retention.maxLogEntries];
    await client.query({ ...this.#statements.settle, values });
  }

  /** Removes leftovers and trims logs. Returns what was trimmed. */
  async sweep(now: number): Promise<Sweep['trimmed']> {
    const trimmed = new Map<string, number>();
    for (let slice = 0; slice < SLICES_OF_SWEEP; slice += 1) {
      const marked = [...this.#marked].slice(0, USERS_OF_SLICE);
      const { users, trims, isMore } = await this.#database.transaction(BEGIN, (client) =>
        this.#sweepSome(client, marked, now),
      );
      for (const no of marked) this.#marked.delete(no);
      for (const { userId, entries } of trims) trimmed.set(userId, (trimmed.get(userId) ?? 0) + entries);
      const isAtEnd = users < USERS_OF_SLICE;
      if (isAtEnd) this.#cursor = '0';
      if (isAtEnd && !isMore && this.#marked.size === 0) break;
    }
    return [...trimmed].map(([userId, entries]) => ({ userId, entries }));
  }

  /**
   * Deletes what is in no log and no history any more, and keys that are not remembered any longer. Returns whether there may
   * be more.
   */
  async forget(now: number, rounds = MAX_ROUNDS): Promise<boolean> {
    const { historyMs, rememberMs } = this.#retention;
    const until = Math.trunc(now);
    for (let round = 0; round < rounds; round += 1) {
      const purged = await this.#purge(until - historyMs);
      const { rows } = await this.#database.run((client) =>
        client.query({ ...this.#statements.forget, values: [until - rememberMs, FORGOTTEN_ROWS] }),
      );
      if (purged < PURGED_ROWS && Number(rows[0]?.keys ?? 0) === 0) return false;
    }
    return true;
  }

  async #purge(until: number): Promise<number> {
    return this.#database.run(async (client) => {
      const rows = await this.#query<{ pair_a: string | null; pair_b: string | null; id: string }>(
        client,
        'purge',
        [until, PURGED_ROWS],
      );
      const kept = rows.filter(({ pair_a }) => pair_a !== null);
      if (kept.length > 0) {
        const both = [
          ...kept,
          ...kept.map(({ pair_a, pair_b, id }) => ({ pair_a: pair_b, pair_b: pair_a, id })),
        ];
        await client.query({
          ...this.#statements.dropThreads,
          values: [both.map((row) => row.pair_a), both.map((row) => row.pair_b), both.map(({ id }) => id)],
        });
      }
      return rows.length;
    });
  }

  async #sweepSome(
    client: ClientBase,
    marked: readonly string[],
    now: number,
  ): Promise<{
    readonly users: number;
    readonly isMore: boolean;
    readonly trims: readonly { readonly userId: string; readonly entries: number }[];
  }> {
    const locked = await this.#query<{ no: string; id: Buffer }>(client, 'lockLeftovers', [
      marked,
      this.#cursor,
      USERS_OF_SLICE,
    ]);
    if (locked.length === 0) return { users: 0, isMore: false, trims: [] };
    const numbers = locked.map(({ no }) => no);
    await this.removeTaken(client, numbers, now);
    const { maxLogEntries } = this.#retention;
    const long = (await this.#query<{ no: string }>(client, 'long', [numbers, maxLogEntries])).map(
      ({ no }) => no,
    );
    const trims = long.length === 0 ? [] : await this.#trim(client, long, now);
    const names = new Map(locked.map(({ no, id }) => [no, fromKey(id)]));
    if (long.length > 0) await this.removeTaken(client, long, now);
    const leftovers = numbers.filter((no) => !marked.includes(no));
    this.#cursor = leftovers.at(-1) ?? this.#cursor;
    return {
      users: leftovers.length,
      isMore: trims.some(({ entries }) => entries >= SLICE),
      trims: trims.map(({ no, entries }) => ({ userId: names.get(no) ?? '', entries })),
    };
  }

  async #trim(
    client: ClientBase,
    numbers: readonly string[],
    now: number,
  ): Promise<readonly { readonly no: string; readonly entries: number }[]> {
    const values = [numbers, this.#retention.maxLogEntries, SLICE];
    const rows = await this.#query<RemovableRow>(client, 'trimmable', values);
    await this.#remove(client, rows, now);
    const counts = new Map<string, number>();
    for (const { no } of rows) counts.set(no, (counts.get(no) ?? 0) + 1);
    return [...counts].map(([no, entries]) => ({ no, entries }));
  }

  /** Removes entries. Echoes by a statement of their own: it may change a message that the other has removed from its log. */
  async #remove(client: ClientBase, rows: readonly RemovableRow[], now: number): Promise<void> {
    const messages = rows.filter(({ is_echo }) => !is_echo);
    const echoes = rows.filter(({ is_echo }) => is_echo);
    const placesOf = (some: readonly RemovableRow[]): unknown[] => [
      some.map(({ no }) => no),
      some.map(({ position }) => position),
    ];
    if (messages.length > 0) {
      await client.query({ ...this.#statements.removeMessages, values: [...placesOf(messages), now] });
    }
    if (echoes.length > 0) await client.query({ ...this.#statements.removeEchoes, values: placesOf(echoes) });
  }

  async #query<Row extends object>(
    client: ClientBase,
    name: keyof RemovalStatements,
    values: unknown[],
  ): Promise<readonly Row[]> {
    return (await client.query<Row>({ ...this.#statements[name], values })).rows;
  }
}
