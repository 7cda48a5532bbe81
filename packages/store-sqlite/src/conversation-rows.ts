import type { MessageId } from '@imcore/server/ports';
import { integerOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import type { User } from './user.js';

/** Rows that are kept in memory between transactions. */
const MAX_CACHED = 20_000;

interface Row {
  readonly no: number;
  readonly a: number;
  readonly b: number;
  last: MessageId;
  isNew: boolean;
  isChanged: boolean;
}

/**
 * The conversations of a history, each with its newest message. Inside a transaction they are read once, changed in memory and
 * written once at the end. A conversation without messages is deleted; `last` is 0 if it only has dead letters.
 */
export class ConversationRows {
  readonly #find: Statement;
  readonly #lastNo: Statement;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #newest: Statement;
  readonly #any: Statement;
  readonly #remove: Statement;
  readonly #rows = new Map<string, Row>();
  readonly #changed: Row[] = [];
  /** Conversations of which messages were taken out of the history. */
  readonly #reduced = new Set<number>();
  #last: number | undefined;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT no, last FROM conversation WHERE a = ? AND b = ?');
    this.#lastNo = database.prepare('SELECT coalesce(max(no), 0) AS no FROM conversation');
    this.#insert = database.prepare('INSERT INTO conversation (last, no, a, b) VALUES (?, ?, ?, ?)');
    this.#update = database.prepare('UPDATE conversation SET last = ? WHERE no = ? AND last <> ?1');
    this.#newest = database.prepare(
      `SELECT id FROM message INDEXED BY message_conversation
       WHERE conversation = ? AND conversation IS NOT NULL AND state IN (0, 1) ORDER BY id DESC LIMIT 1`,
    );
    this.#any = database.prepare(
      `SELECT id FROM message INDEXED BY message_conversation
       WHERE conversation = ? AND conversation IS NOT NULL LIMIT 1`,
    );
    this.#remove = database.prepare('DELETE FROM conversation WHERE no = ?');
  }

  /** Begins a transaction. @param areRight whether what was read before may still be used */
  begin(areRight: boolean): void {
    this.#changed.length = 0;
    this.#reduced.clear();
    if (!areRight || this.#rows.size > MAX_CACHED) this.clear();
  }

  /** Forgets what was read. */
  clear(): void {
    this.#rows.clear();
    this.#last = undefined;
  }

  /** The number of the conversation of two users, to which this message belongs as its newest. */
  add(one: User, other: User, message: MessageId): number {
    const [a, b] = one.no < other.no ? [one.no, other.no] : [other.no, one.no];
    const key = `${a} ${b}`;
    const row = this.#rows.get(key) ?? this.#read(a, b);
    this.#rows.set(key, row);
    row.last = Math.max(row.last, message);
    if (!row.isChanged) this.#changed.push(row);
    row.isChanged = true;
    return row.no;
  }

  /** A message was taken out of the history, or returned to it. */
  reduce(conversation: number | undefined): void {
    if (conversation !== undefined) this.#reduced.add(conversation);
  }

  /** Writes the changed rows, before the commit. */
  end(): void {
    for (const row of this.#changed) {
      if (row.isNew) this.#insert.run(row.last, row.no, row.a, row.b);
      else this.#update.run(row.last, row.no);
      row.isNew = false;
      row.isChanged = false;
    }
    if (this.#reduced.size === 0) return;
    for (const no of this.#reduced) {
      const newest = integerOf(this.#newest.get(no), 'id');
      // The row stays for a dead letter, which may return to the history.
      if (newest === undefined && this.#any.get(no) === undefined) this.#remove.run(no);
      else this.#update.run(newest ?? 0, no);
    }
    this.clear();
  }

  #read(a: number, b: number): Row {
    const found = this.#find.get(a, b);
    if (found !== undefined)
      return {
        no: numberOf(found, 'no'),
        a,
        b,
        last: numberOf(found, 'last'),
        isNew: false,
        isChanged: false,
      };
    this.#last = (this.#last ?? numberOf(this.#lastNo.get(), 'no')) + 1;
    return { no: this.#last, a, b, last: 0, isNew: true, isChanged: false };
  }
}
