import type {
  DeadLetter,
  DeadLetterId,
  Entry,
  HistoryQuery,
  KeptRecord,
  LogPage,
  Position,
  QueueSize,
  StoredDevice,
  UserQueue,
} from '@imcore/server/ports';
import type { DamagedMessages } from './damaged-messages.js';
import { DeviceRows } from './device-rows.js';
import { toStoredDevice, v6Device } from './device-table.js';
import { MESSAGE } from './entry-rows.js';
import {
  COLUMNS,
  DEAD_COLUMNS,
  DEAD_LETTERS,
  isIntact,
  MESSAGES,
  toDeadLetter,
  toIntactEntry,
  toIntactMessage,
} from './message-rows.js';
import { integerOf, numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { fromColumn, toColumn } from './text-column.js';

/** What a page of a log contains: what the v6 device has not taken, all entries, or what no device has taken. */
export type PageKind = 'untaken' | 'all' | 'waiting';

const EMPTY: LogPage = Object.freeze({ entries: [], removed: 0, last: 0, hasNamedDevice: false });

/** Queries that change nothing. */
export class Reader {
  readonly #user: Statement;
  readonly #log: Statement;
  readonly #untaken: Statement;
  readonly #all: Statement;
  readonly #dead: Statement;
  readonly #deadOf: Statement;
  readonly #history: Statement;
  readonly #largest: Statement;
  readonly #oldest: Statement;
  readonly #devices: DeviceRows;
  readonly #damaged: DamagedMessages;

  /** @param damaged gets the messages that were altered in the file; they are not returned */
  constructor(database: Database, damaged: DamagedMessages) {
    this.#damaged = damaged;
    this.#devices = new DeviceRows(database);
    this.#user = database.prepare('SELECT no, v6, v6_seen_at, waiting, waiting_bytes FROM user WHERE id = ?');
    this.#log = database.prepare(
      `SELECT no, last, taken, v6, devices, (SELECT position FROM entry WHERE user = no ORDER BY position LIMIT 1) AS first
       FROM user WHERE id = ?`,
    );
    const entries = `SELECT entry.user AS user, entry.position AS at, kind, entry.message AS message, ${COLUMNS}
       FROM entry LEFT JOIN message ON message.id = entry.message LEFT JOIN user ON user.no = receiver
       WHERE entry.user = ? AND entry.position > ?`;
    // Without the receiver's row: the log is the receiver's.
    this.#untaken = database.prepare(
      `SELECT entry.user AS user, entry.position AS at, kind, entry.message AS message, message.id AS id, receiver,
       message.position AS position, sender, fingerprint, accepted_at, body, checksum
       FROM entry LEFT JOIN message ON message.id = entry.message
       WHERE entry.user = ? AND entry.position > ? AND kind = ${MESSAGE} AND entry.taken = 0 ORDER BY entry.position LIMIT ?`,
    );
    this.#all = database.prepare(`${entries} ORDER BY entry.position LIMIT ?`);
    const dead = `SELECT ${DEAD_COLUMNS}, ${COLUMNS} FROM ${DEAD_LETTERS}`;
    this.#dead = database.prepare(`${dead} WHERE dead.id > ? ORDER BY dead.id LIMIT ?`);
    this.#deadOf = database.prepare(
      `${dead} WHERE dead.id > ? AND dead.user = (SELECT no FROM user AS one WHERE one.id = ?)
       ORDER BY dead.id LIMIT ?`,
    );
    this.#history = database.prepare(
      `SELECT ${COLUMNS} FROM ${MESSAGES}
       WHERE conversation = (SELECT no FROM conversation WHERE a = ? AND b = ?) AND conversation IS NOT NULL
       AND message.id < ? AND state IN (0, 1) ORDER BY message.id DESC LIMIT ?`,
    );
    this.#largest = database.prepare(
      `SELECT id, waiting, waiting_bytes FROM user INDEXED BY user_occupied WHERE v6 < last AND waiting > 0
       ORDER BY waiting DESC, id LIMIT ?`,
    );
    this.#oldest = database.prepare(
      `SELECT message.accepted_at AS accepted_at FROM message CROSS JOIN user ON user.no = receiver
       CROSS JOIN entry ON entry.user = receiver AND entry.position = message.position
       WHERE state = 0 AND message.position > user.v6 AND message.position > user.taken AND entry.taken = 0
       ORDER BY message.id LIMIT 1`,
    );
  }

  /** A page of a log, after a position (exclusive). */
  page(kind: PageKind, userId: string, after: Position, limit: number): LogPage {
    const id = toColumn(userId);
    const user = this.#log.get(id);
    if (user === undefined) return EMPTY;
    const no = numberOf(user, 'no');
    const last = numberOf(user, 'last');
    const first = integerOf(user, 'first');
    const [v6, taken] = [numberOf(user, 'v6'), numberOf(user, 'taken')];
    const from = kind === 'all' ? after : Math.max(after, v6, kind === 'waiting' ? taken : 0);
    const statement = kind === 'all' ? this.#all : this.#untaken;
    const entries =
      from < last || !Number.isSafeInteger(limit) ? this.#entries(statement, no, id, from, limit) : [];
    const hasNamedDevice = numberOf(user, 'devices') > 0;
    return { entries, removed: first === undefined ? last : first - 1, last, hasNamedDevice };
  }

  count(userId: string): QueueSize {
    const row = this.#user.get(toColumn(userId));
    return row === undefined
      ? { messages: 0, bytes: 0 }
      : { messages: numberOf(row, 'waiting'), bytes: numberOf(row, 'waiting_bytes') };
  }

  devices(userId: string): readonly StoredDevice[] {
    const row = this.#user.get(toColumn(userId));
    if (row === undefined) return [];
    const named = [...this.#devices.read(numberOf(row, 'no')).values()].map(toStoredDevice);
    const v6SeenAt = integerOf(row, 'v6_seen_at');
    const all = v6SeenAt === undefined ? named : [v6Device({ v6: numberOf(row, 'v6'), v6SeenAt }), ...named];
    return all.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  deadLetters(after: DeadLetterId, limit: number, userId?: string): readonly DeadLetter[] {
    const rows =
      userId === undefined ? this.#dead.all(after, limit) : this.#deadOf.all(after, toColumn(userId), limit);
    return rows.map((row) => toDeadLetter(row));
  }

  history({ a, b, before, limit }: HistoryQuery): readonly KeptRecord[] {
    const [one, other] = [a, b].map((userId) => integerOf(this.#user.get(toColumn(userId)), 'no'));
    if (one === undefined || other === undefined) return [];
    const [first, second] = one < other ? [one, other] : [other, one];
    const rows = this.#history.all(first, second, before ?? Number.MAX_SAFE_INTEGER, limit);
    this.#damaged.report(
      rows.filter((row) => !isIntact(row)).map((row) => ({ message: numberOf(row, 'id') })),
    );
    return rows.map((row) => toIntactMessage(row)).filter((message) => message !== undefined);
  }

  /** The users with the longest queues. Reads the row of every user who has not taken everything. */
  largest(limit: number): readonly UserQueue[] {
    return this.#largest.all(limit).map((row) => ({
      userId: fromColumn(textOf(row, 'id')),
      messages: numberOf(row, 'waiting'),
      bytes: numberOf(row, 'waiting_bytes'),
    }));
  }

  /** When the oldest waiting message was accepted, milliseconds since 1970. */
  oldestAcceptedAt(): number | undefined {
    const row = this.#oldest.get();
    return row === undefined ? undefined : numberOf(row, 'accepted_at');
  }

  /** Reports damaged entries; returns the intact ones, and those that follow instead of the damaged ones. */
  #entries(statement: Statement, no: number, id: string, after: Position, limit: number): readonly Entry[] {
    const rows = statement.all(no, after, limit);
    const entries: Entry[] = [];
    const damaged: unknown[] = [];
    for (const row of rows) {
      const entry = toIntactEntry(row, id);
      if (entry === undefined) damaged.push(row);
      else entries.push(entry);
    }
    if (damaged.length === 0) return entries;
    this.#damaged.report(
      damaged.map((row) => ({
        message: numberOf(row, 'message'),
        user: no,
        position: numberOf(row, 'at'),
      })),
    );
    if (rows.length < limit) return entries;
    const last = numberOf(rows.at(-1), 'at');
    return [...entries, ...this.#entries(statement, no, id, last, limit - entries.length)];
  }
}
