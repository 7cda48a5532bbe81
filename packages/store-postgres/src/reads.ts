import type { LogPage, Position, QueueSize, StoreHealth } from '@imcore/server/ports';
import type { EntryRow, ReadStatements } from './read-statements.js';
import { toPage } from './rows.js';
import type { Query } from './shared-part.js';
import { toKey } from './text-key.js';

interface TotalsRow {
  readonly waiting: string;
  readonly bytes: string;
  readonly dead: string;
  readonly is_read_only: boolean;
  readonly fsync: string;
}

/** What can be read of logs and of the whole store with one statement each. */
export class Reads {
  readonly #statements: ReadStatements;
  readonly #query: Query;

  constructor(statements: ReadStatements, query: Query) {
    this.#statements = statements;
    this.#query = query;
  }

  async epoch(): Promise<string> {
    const [row] = await this.#query<{ epoch: string }>(this.#statements.epoch, []);
    return row?.epoch ?? '';
  }

  async page(kind: 'take' | 'read', userId: string, after: Position, limit: number): Promise<LogPage> {
    return toPage(await this.#query<EntryRow>(this.#statements[kind], [toKey(userId), after, limit]));
  }

  async count(userId: string): Promise<QueueSize> {
    const { count } = this.#statements;
    const [row] = await this.#query<{ messages: string; bytes: string }>(count, [toKey(userId)]);
    return { messages: Number(row?.messages ?? 0), bytes: Number(row?.bytes ?? 0) };
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
}

function problemOf(row: TotalsRow | undefined): string | undefined {
  if (row?.is_read_only !== false) return 'the PostgreSQL server is read-only: is it a standby?';
  return row.fsync === 'on' ? undefined : 'fsync is off on the PostgreSQL server: a crash can lose messages';
}
