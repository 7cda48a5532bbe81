import { randomBytes } from 'node:crypto';
import type { DeadLetterId, MessageId } from '@imcore/server/ports';
import { nextMark } from './mark.js';
import { bytesOf, numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** The sums that a store reports. */
interface Sums {
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly deadLetters: number;
}

/**
 * Sums over all users, and the last numbers given, so that rows are never counted. Inside a transaction the numbers are read
 * once, changed in memory and written once at the end, with the mark of the file.
 */
export class Totals {
  readonly #read: Statement;
  readonly #write: Statement;
  #lastId = 0;
  #lastDead = 0;
  #waiting = 0;
  #waitingBytes = 0;
  #deadLetters = 0;
  #mark: Buffer = Buffer.alloc(0);
  #ownMark: Buffer | undefined;
  #isChanged = false;

  constructor(database: Database) {
    this.#read = database.prepare(
      'SELECT last_id, last_dead, waiting, waiting_bytes, dead_letters, mark FROM total WHERE one = 1',
    );
    this.#write = database.prepare(
      `UPDATE total SET last_id = ?, last_dead = ?, waiting = ?, waiting_bytes = ?, dead_letters = ?, mark = ?
       WHERE one = 1`,
    );
  }

  /**
   * Begins a transaction. Returns whether nobody else has written since this object's last commit: then what was read or
   * written by it is still right.
   */
  begin(): boolean {
    this.#isChanged = false;
    const row = this.#read.get();
    this.#lastId = numberOf(row, 'last_id');
    this.#lastDead = numberOf(row, 'last_dead');
    this.#waiting = numberOf(row, 'waiting');
    this.#waitingBytes = numberOf(row, 'waiting_bytes');
    this.#deadLetters = numberOf(row, 'dead_letters');
    this.#mark = bytesOf(row, 'mark');
    return this.#ownMark?.equals(this.#mark) ?? false;
  }

  /** Writes the changed numbers, before the commit. */
  end(): void {
    if (this.#isChanged) {
      this.#mark = nextMark(this.#mark);
      this.#write.run(
        this.#lastId,
        this.#lastDead,
        this.#waiting,
        this.#waitingBytes,
        this.#deadLetters,
        this.#mark,
      );
    }
    this.#ownMark = this.#mark;
  }

  /** After a rollback, what was read is not trusted. */
  rolledBack(): void {
    this.#ownMark = undefined;
  }

  get deadLetters(): number {
    return this.#deadLetters;
  }

  nextMessage(): MessageId {
    this.#isChanged = true;
    this.#lastId += 1;
    return this.#lastId;
  }

  nextDeadLetter(): DeadLetterId {
    this.#isChanged = true;
    this.#lastDead += 1;
    return this.#lastDead;
  }

  /** Counts messages that start or stop waiting. */
  addWaiting(messages: number, bytes: number): void {
    this.#waiting += messages;
    this.#waitingBytes += bytes;
    this.#isChanged = true;
  }

  /** Counts a dead letter that was added or removed. */
  addDeadLetters(by: 1 | -1): void {
    this.#deadLetters += by;
    this.#isChanged = true;
  }

  /** Makes the transaction write, and change the mark: something else has changed, or the disk is tested. */
  touch(): void {
    this.#isChanged = true;
  }

  /** Outside of transactions. */
  sums(): Sums {
    const row = this.#read.get();
    return {
      waiting: numberOf(row, 'waiting'),
      waitingBytes: numberOf(row, 'waiting_bytes'),
      deadLetters: numberOf(row, 'dead_letters'),
    };
  }
}

/** The epoch of a file. A file without one, such as a backup, gets a new one. In a transaction of its own if necessary. */
export function epochOf(database: Database): string {
  const read = database.prepare('SELECT coalesce(epoch, ?) AS epoch, epoch IS NULL AS is_new FROM total');
  const row = read.get(randomBytes(12).toString('hex'));
  const epoch = textOf(row, 'epoch');
  if (numberOf(row, 'is_new') === 1) database.prepare('UPDATE total SET epoch = ?').run(epoch);
  return epoch;
}
