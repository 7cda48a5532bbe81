import type {
  AppendResult,
  Confirmation,
  DeadLetter,
  DeadLetterCause,
  Retention,
  StoredMessage,
  StoreId,
} from '@imcore/server/ports';
import { checksumOf } from './checksum.js';
import { keyOf, pairOf } from './hashes.js';
import { KeyIndex } from './key-index.js';
import { COLUMNS, causeNumber, isIntact, toDeadLetter } from './message-rows.js';
import type { OccupiedQueues } from './occupied-queues.js';
import { QueueSizes } from './queue-sizes.js';
import { numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { toColumn, toFingerprintColumn } from './text-column.js';
import { rowBytes } from './used-bytes.js';

/**
 * Changes to single messages, in transactions of the caller: {@link begin}, changes, {@link end}, the commit, and then
 * {@link committed}; or {@link rolledBack}.
 */
export class MessageTable {
  readonly sizes: QueueSizes;
  readonly keys: KeyIndex;
  readonly #retention: Required<Retention>;
  readonly #stateOf: Statement;
  readonly #insert: Statement;
  readonly #oldest: Statement;
  readonly #confirm: Statement;
  readonly #confirmDead: Statement;
  readonly #markDead: Statement;
  readonly #dead: Statement;
  readonly #any: Statement;
  readonly #oldestDead: Statement;
  readonly #resend: Statement;
  readonly #discard: Statement;
  readonly #purge: Statement;
  readonly #erase: Statement;
  #deleted: DeadLetter[] = [];

  constructor(database: Database, retention: Required<Retention>, occupied?: OccupiedQueues) {
    this.#retention = retention;
    this.sizes = new QueueSizes(database, occupied);
    this.keys = new KeyIndex(database);
    const kept = retention.historyMs > 0 ? 'state = 1' : 'state = 2, body = NULL, pair = NULL';
    this.#stateOf = database.prepare('SELECT state FROM message WHERE id = ?');
    this.#insert = database.prepare(
      `INSERT INTO message (id, state, receiver, sender, fingerprint, accepted_at, size, pair, body, checksum)
       VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#oldest = database.prepare(
      `SELECT ${COLUMNS} FROM message INDEXED BY message_waiting
       WHERE receiver = ? AND state = 0 ORDER BY id LIMIT 1`,
    );
    this.#confirm = database.prepare(
      `UPDATE message SET ${kept}, done_at = ? WHERE id = ? AND receiver = ? AND state = 0 RETURNING size`,
    );
    this.#confirmDead = database.prepare(
      `UPDATE message SET ${kept}, done_at = ? WHERE id = ? AND receiver = ? AND state = 3 RETURNING size`,
    );
    this.#markDead = database.prepare('UPDATE message SET state = 3, done_at = ?, cause = ? WHERE id = ?');
    this.#dead = database.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ? AND state = 3`);
    this.#any = database.prepare(`SELECT ${COLUMNS}, state FROM message WHERE id = ?`);
    this.#oldestDead = database.prepare(
      `SELECT ${COLUMNS} FROM message INDEXED BY message_dead WHERE state = 3 ORDER BY id LIMIT 1`,
    );
    this.#resend = database.prepare(
      `UPDATE message SET id = ?, state = 0, since = ?, done_at = NULL, cause = NULL, origin = ? WHERE id = ?`,
    );
    this.#discard = database.prepare(
      'UPDATE message SET state = 2, body = NULL, pair = NULL, done_at = ? WHERE id = ? AND state = 3 RETURNING id',
    );
    this.#purge = database.prepare(
      'UPDATE message SET state = 2, body = NULL, pair = NULL, done_at = ? WHERE id = ?',
    );
    this.#erase = database.prepare('DELETE FROM message WHERE id = ?');
  }

  begin(): void {
    this.sizes.begin();
  }

  /** Writes what was gathered, before the commit. */
  end(): void {
    this.keys.flush();
    this.sizes.end();
  }

  committed(): void {
    this.sizes.committed();
  }

  rolledBack(): void {
    this.keys.discard();
    this.#deleted = [];
  }

  append(message: StoredMessage, now: number): AppendResult {
    const to = toColumn(message.to);
    const from = toColumn(message.from);
    const fingerprint = toFingerprintColumn(message.fingerprint, message.body);
    const key = keyOf(to, from, fingerprint);
    const known = this.keys.find(key);
    if (known !== undefined) return { outcome: 'duplicate', id: this.#ifWaiting(known) };
    const { body, ignoresLimits } = message;
    const used = rowBytes(to, from, fingerprint, body.length);
    if (!ignoresLimits && this.sizes.used.exceeds(this.#retention.maxTotalBytes, used))
      return { outcome: 'full', limit: 'maxTotalBytes' };
    const limit = ignoresLimits ? undefined : this.sizes.limitFor(to, body.length, this.#retention);
    let displaced: readonly DeadLetter[] | undefined;
    if (limit !== undefined) {
      const { whenFull, maxBytesPerUser } = this.#retention;
      if (whenFull === 'reject-newest' || body.length > maxBytesPerUser) return { outcome: 'full', limit };
      displaced = this.#makeRoom(to, body.length, now);
    }
    const id = this.sizes.nextId();
    const pair = this.#retention.historyMs > 0 ? pairOf(to, from) : null;
    const bytes = Buffer.from(body, 'latin1');
    const checksum = checksumOf(to, from, fingerprint, bytes);
    const acceptedAt = Math.trunc(message.acceptedAt);
    this.#insert.run(id, to, from, fingerprint, acceptedAt, bytes.length, pair, bytes, checksum);
    this.keys.add(key, id);
    this.sizes.used.add(used);
    this.sizes.addWaiting(to, bytes.length, 1);
    return displaced === undefined ? { outcome: 'stored', id } : { outcome: 'stored', id, displaced };
  }

  confirm({ userId, ids }: Confirmation, now: number): void {
    const receiver = toColumn(userId);
    for (const id of ids) {
      if (!Number.isSafeInteger(id)) continue;
      const row = this.#confirm.get(now, id, receiver);
      if (row !== undefined) this.sizes.addWaiting(receiver, numberOf(row, 'size'), -1);
      else if (this.sizes.deadLetters > 0 && this.#confirmDead.get(now, id, receiver) !== undefined)
        this.sizes.addDeadLetters(-1);
    }
  }

  /** Turns a waiting message into a dead letter. Beyond `maxDeadLetters` the oldest dead letters are deleted. */
  addDeadLetter(row: unknown, cause: DeadLetterCause, now: number): DeadLetter {
    this.#markDead.run(now, causeNumber(cause), numberOf(row, 'id'));
    this.sizes.addWaiting(textOf(row, 'receiver'), numberOf(row, 'size'), -1);
    this.sizes.addDeadLetters(1);
    while (this.sizes.deadLetters > this.#retention.maxDeadLetters) {
      const oldest = this.#oldestDead.get();
      if (oldest === undefined) break;
      this.erase(oldest);
      this.#deleted.push(toDeadLetter(oldest));
      this.sizes.addDeadLetters(-1);
    }
    return toDeadLetter(row, cause, now);
  }

  /** Dead letters deleted since the last call because there were more than `maxDeadLetters`. */
  takeDeleted(): readonly DeadLetter[] {
    const deleted = this.#deleted;
    this.#deleted = [];
    return deleted;
  }

  /** Returns a dead letter to its queue. Returns false if it is not a dead letter, is damaged, or the queue is full. */
  resend(id: StoreId, now: number): boolean {
    const row = this.#dead.get(id);
    if (row === undefined || !isIntact(row)) return false;
    const receiver = textOf(row, 'receiver');
    const size = numberOf(row, 'size');
    if (this.sizes.limitFor(receiver, size, this.#retention) !== undefined) return false;
    const origin = numberOf(row, 'origin');
    const newId = this.sizes.nextId();
    this.keys.move(keyOf(receiver, textOf(row, 'sender'), textOf(row, 'fingerprint')), origin, newId);
    this.#resend.run(newId, now, origin, id);
    this.sizes.addWaiting(receiver, size, 1);
    this.sizes.addDeadLetters(-1);
    return true;
  }

  /** Deletes a dead letter and remembers its key. Returns false if it is not a dead letter. */
  discard(id: StoreId, now: number): boolean {
    if (this.#discard.get(now, id) === undefined) return false;
    this.sizes.addDeadLetters(-1);
    return true;
  }

  /** Deletes a waiting message or dead letter and remembers its key. */
  purge(row: unknown, now: number): void {
    this.#purge.run(now, numberOf(row, 'id'));
    if (numberOf(row, 'state') === 3) this.sizes.addDeadLetters(-1);
    else this.sizes.addWaiting(textOf(row, 'receiver'), numberOf(row, 'size'), -1);
  }

  /**
   * Sets a damaged message aside: a waiting one becomes a dead letter, a confirmed one loses its body.
   *
   * @param receiver in whose queue it was found; that in its row may be altered
   */
  setAside(id: StoreId, receiver: string | undefined, now: number): void {
    const row = this.#any.get(id);
    if (row === undefined || isIntact(row)) return;
    const state = numberOf(row, 'state');
    if (state === 0)
      this.addDeadLetter({ ...row, receiver: receiver ?? textOf(row, 'receiver') }, 'damaged', now);
    else if (state === 1) this.#purge.run(now, id);
  }

  /** Deletes a row and its key. The message must not be waiting. */
  erase(row: unknown): void {
    const key = keyOf(textOf(row, 'receiver'), textOf(row, 'sender'), textOf(row, 'fingerprint'));
    this.keys.remove(key, numberOf(row, 'origin'));
    this.#erase.run(numberOf(row, 'id'));
  }

  #ifWaiting(id: StoreId): StoreId | undefined {
    const row = this.#stateOf.get(id);
    return row !== undefined && numberOf(row, 'state') === 0 ? id : undefined;
  }

  #makeRoom(receiver: string, bytes: number, now: number): readonly DeadLetter[] {
    const displaced: DeadLetter[] = [];
    while (this.sizes.limitFor(receiver, bytes, this.#retention) !== undefined) {
      const oldest = this.#oldest.get(receiver);
      if (oldest === undefined) break;
      displaced.push(this.addDeadLetter(oldest, 'displaced', now));
    }
    return displaced;
  }
}
