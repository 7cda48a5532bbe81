import type { Conversation, ConversationQuery, HistoryQuery, KeptRecord } from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import { type RecordRow, toRecord } from './rows.js';
import { fromKey, toKey } from './text-key.js';
import type { UserStatements } from './user-statements.js';

/** How many waiting messages of a conversation are counted. */
const MAX_COUNTED = 100;
/** How often a page of conversations is read again because one of them had changed. */
const MAX_READS = 100;

interface ThreadRow extends Omit<RecordRow, 'id'> {
  readonly user_no: string;
  readonly other: string;
  readonly other_id: Buffer;
  readonly last: string;
  /** Of its newest message; null if there is none. */
  readonly id: string | null;
}

/** Reads the messages that are kept, by conversations. */
export class History {
  readonly #database: Database;
  readonly #statements: UserStatements;

  constructor(database: Database, statements: UserStatements) {
    this.#database = database;
    this.#statements = statements;
  }

  async between({ a, b, before, limit }: HistoryQuery): Promise<readonly KeptRecord[]> {
    const values = [toKey(a), toKey(b), before ?? Number.MAX_SAFE_INTEGER, limit];
    const { rows } = await this.#database.run((client) =>
      client.query<RecordRow>({ ...this.#statements.history, values }),
    );
    return rows.map(toRecord);
  }

  async conversations({ userId, before, limit }: ConversationQuery): Promise<readonly Conversation[]> {
    if (limit <= 0) return [];
    const values = [toKey(userId), before ?? Number.MAX_SAFE_INTEGER, limit];
    return this.#database.run(async (client) => {
      const rows = await this.#threads(client, values);
      const waiting = await client.query<{ sender: Buffer; messages: string }>({
        ...this.#statements.waiting,
        values: [toKey(userId)],
      });
      const counts = new Map(waiting.rows.map(({ sender, messages }) => [fromKey(sender), Number(messages)]));
      return rows.map((row) => {
        const other = fromKey(row.other_id);
        return {
          with: other,
          last: toRecord({ ...row, id: row.last }),
          waiting: Math.min(MAX_COUNTED, counts.get(other) ?? 0),
        };
      });
    });
  }

  /**
   * Reads conversations by their last message. If that is not in the history any more, because it became a dead letter or is too
   * old, the message before it becomes the last one of the conversation, and the page is read again.
   */
  async #threads(client: ClientBase, values: unknown[]): Promise<readonly ThreadRow[]> {
    for (let read = 1; ; read += 1) {
      const { rows } = await client.query<ThreadRow>({ ...this.#statements.threads, values });
      const wrong = rows.filter(({ id, last }) => id !== last);
      if (wrong.length === 0) return rows;
      if (read === MAX_READS) return rows.filter(({ id, last }) => id === last);
      for (const { user_no, other, last, id } of wrong) {
        const { repairThread, dropThread } = this.#statements;
        await (id === null
          ? client.query({ ...dropThread, values: [user_no, other, last] })
          : client.query({ ...repairThread, values: [user_no, other, last, id] }));
      }
    }
  }
}
