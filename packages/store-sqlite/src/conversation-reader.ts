import type { Conversation, ConversationQuery } from '@imcore/server/ports';
import { MESSAGE } from './entry-rows.js';
import { COLUMNS, toIntactMessage } from './message-rows.js';
import { numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { fromColumn, toColumn } from './text-column.js';

/** Waiting messages of a conversation are counted up to this number. */
const MAX_WAITING = 100;

/** Reads the conversations of users. */
export class ConversationReader {
  readonly #user: Statement;
  readonly #page: Statement;
  readonly #oldestWaiting: Statement;
  readonly #waiting: Statement;

  constructor(database: Database) {
    this.#user = database.prepare('SELECT no, max(v6, taken) AS after, waiting FROM user WHERE id = ?');
    const side = (own: string, other: string, condition: string) =>
      `SELECT * FROM (SELECT no, last, ${other} AS other FROM conversation INDEXED BY conversation_${own}
       WHERE ${own} = ?1 AND last < ?2 ${condition} ORDER BY last DESC LIMIT ?3)`;
    this.#page = database.prepare(
      `SELECT one.no AS conversation_no, peer.id AS peer, ${COLUMNS}
       FROM (${side('a', 'b', '')} UNION ALL ${side('b', 'a', 'AND a <> b')}) AS one
       JOIN user AS peer ON peer.no = one.other JOIN message ON message.id = one.last
       LEFT JOIN user ON user.no = receiver ORDER BY one.last DESC LIMIT ?3`,
    );
    this.#oldestWaiting = database.prepare(
      `SELECT coalesce(min(message), 0) AS id FROM entry
       WHERE user = ? AND position > ? AND kind = ${MESSAGE} AND taken = 0`,
    );
    this.#waiting = database.prepare(
      `SELECT count(*) AS n FROM (
         SELECT 1 FROM message INDEXED BY message_conversation
         JOIN entry ON entry.user = receiver AND entry.position = message.position
         WHERE conversation = ?1 AND conversation IS NOT NULL AND message.id >= ?2 AND state = 0 AND receiver = ?3
         AND message.position > ?4 AND entry.taken = 0 LIMIT ${MAX_WAITING})`,
    );
  }

  /** The one with the newest message first. Those whose newest message was altered in the file are left out. */
  read({ userId, before, limit }: ConversationQuery): readonly Conversation[] {
    const user = this.#user.get(toColumn(userId));
    if (user === undefined) return [];
    const [no, after] = [numberOf(user, 'no'), numberOf(user, 'after')];
    const oldest =
      numberOf(user, 'waiting') === 0 ? undefined : numberOf(this.#oldestWaiting.get(no, after), 'id');
    const conversations: Conversation[] = [];
    for (const row of this.#page.all(no, before ?? Number.MAX_SAFE_INTEGER, limit)) {
      const last = toIntactMessage(row);
      if (last === undefined) continue;
      const conversation = numberOf(row, 'conversation_no');
      const waiting =
        oldest === undefined ? 0 : numberOf(this.#waiting.get(conversation, oldest, no, after), 'n');
      conversations.push({ with: fromColumn(textOf(row, 'peer')), last, waiting });
    }
    return conversations;
  }
}
