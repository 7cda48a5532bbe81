import type { AppendResult, DeadLetter, StoredMessage } from '@imcore/server/ports';
import { checksumOf } from './checksum.js';
import type { DeadLetterTable } from './dead-letter-table.js';
import { ECHO } from './entry-rows.js';
import { keyOf } from './hashes.js';
import type { LogTables } from './log-tables.js';
import { integerOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { toColumn, toFingerprintColumn } from './text-column.js';
import { rowBytes } from './used-bytes.js';
import { limitFor, type User } from './user.js';
import type { UserWalk } from './user-walk.js';

/** The server, as a sender. It has no log. */
const SERVER = '0';

/** Appends messages to logs, inside the caller's transactions. */
export class Appender {
  readonly #tables: LogTables;
  readonly #deadLetters: DeadLetterTable;
  readonly #walk: UserWalk;
  readonly #insert: Statement;
  readonly #placeOf: Statement;

  constructor(database: Database, tables: LogTables, deadLetters: DeadLetterTable, walk: UserWalk) {
    this.#tables = tables;
    this.#deadLetters = deadLetters;
    this.#walk = walk;
    this.#insert = database.prepare(
      `INSERT INTO message (id, receiver, position, sender, echo, fingerprint, accepted_at, state, refs, size, conversation,
       checksum, body) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)`,
    );
    this.#placeOf = database.prepare('SELECT receiver, position, echo, state FROM message WHERE id = ?');
  }

  append(message: StoredMessage, now: number): AppendResult {
    const to = toColumn(message.to);
    const from = toColumn(message.from);
    const fingerprint = toFingerprintColumn(message.fingerprint, message.body);
    const key = keyOf(to, from, fingerprint);
    const { retention, totals, users, entries, keys, used } = this.#tables;
    const known = keys.find(key);
    if (known !== undefined) return this.#duplicate(known);
    const { body, ignoresLimits } = message;
    const bytesUsed = rowBytes(to, from, fingerprint, body.length);
    if (!ignoresLimits && this.#exceedsTotal(bytesUsed)) return { outcome: 'full', limit: 'maxTotalBytes' };
    const user = users.findOrCreate(to);
    const limit = ignoresLimits ? undefined : limitFor(user, body.length, retention);
    let displaced: readonly DeadLetter[] | undefined;
    if (limit !== undefined) {
      const { whenFull, maxBytesPerUser } = retention;
      if (whenFull === 'reject-newest' || body.length > maxBytesPerUser) return { outcome: 'full', limit };
      displaced = this.#makeRoom(user, body.length, now);
    }
    const id = totals.nextMessage();
    user.last += 1;
    const position = user.last;
    const echo =
      message.echo && from !== to && from !== SERVER ? this.#addEcho(from, id, body.length, now) : undefined;
    const conversation =
      retention.historyMs > 0 ? this.#tables.conversations.add(user, this.#senderOf(from), id) : null;
    const bytes = Buffer.from(body, 'latin1');
    const checksum = checksumOf(to, from, fingerprint, bytes);
    const acceptedAt = Math.trunc(message.acceptedAt);
    const refs = echo === undefined ? 1 : 2;
    this.#insert.run(
      ...[id, user.no, position, from, echo ?? null, fingerprint, acceptedAt, refs],
      ...[bytes.length, conversation, checksum, bytes],
    );
    entries.add(id);
    keys.add(key, id);
    used.add(bytesUsed);
    users.addWaiting(user, 1, bytes.length);
    this.#walk.appended(user);
    return {
      ...{ outcome: 'stored', id, position },
      ...(echo === undefined ? undefined : { echo }),
      ...(displaced === undefined ? undefined : { displaced }),
    };
  }

  /** Whether the file has no room for a row. What can be removed from it is removed before. */
  #exceedsTotal(bytes: number): boolean {
    const { retention, used, remover } = this.#tables;
    if (!used.exceeds(retention.maxTotalBytes, bytes)) return false;
    if (remover.isIdle) return true;
    remover.drain(Number.POSITIVE_INFINITY);
    used.begin();
    return used.exceeds(retention.maxTotalBytes, bytes);
  }

  #duplicate(id: number): AppendResult {
    const row = this.#placeOf.get(id);
    const echo = integerOf(row, 'echo');
    const position = row === undefined ? undefined : this.#untakenPosition(row);
    return { outcome: 'duplicate', id, position, ...(echo === undefined ? undefined : { echo }) };
  }

  #untakenPosition(row: unknown): number | undefined {
    if (numberOf(row, 'state') !== 0) return undefined;
    const position = numberOf(row, 'position');
    const user = this.#tables.users.byNo(numberOf(row, 'receiver'));
    if (user === undefined || position <= user.v6) return undefined;
    return this.#tables.entries.at(user.no, position)?.isTaken === false ? position : undefined;
  }

  #addEcho(sender: string, message: number, size: number, now: number): number {
    const { users, entries, remover } = this.#tables;
    const user = users.findOrCreate(sender);
    const isCaughtUp = user.v6 === user.last;
    user.last += 1;
    // The v6 device passes over echoes.
    if (isCaughtUp) user.v6 = user.last;
    users.change(user);
    entries.insert(user.no, user.last, message, ECHO, size);
    this.#walk.appended(user);
    if (user.devices === 0) remover.add(user, user.last - 1, user.last, now);
    return user.last;
  }

  /** The sender's row, for its number. */
  #senderOf(sender: string): User {
    const { users } = this.#tables;
    const user = users.findOrCreate(sender);
    if (user.isNew) users.change(user);
    return user;
  }

  #makeRoom(user: User, bytes: number, now: number): readonly DeadLetter[] {
    const { entries, retention } = this.#tables;
    const displaced: DeadLetter[] = [];
    while (limitFor(user, bytes, retention) !== undefined) {
      const oldest = entries.firstUntaken(user.no, Math.max(user.v6, user.taken));
      if (oldest === undefined) break;
      displaced.push(this.#deadLetters.add(user, oldest, 'displaced', now));
    }
    return displaced;
  }
}
