import type { QueueLimit, QueueSize, Retention, StoreId } from '@imcore/server/ports';
import { nextMark } from './mark.js';
import type { OccupiedQueues } from './occupied-queues.js';
import { bytesOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { UsedBytes } from './used-bytes.js';

interface Totals {
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly deadLetters: number;
}

interface Entry {
  /** Whether the queue had messages before this transaction. */
  readonly wasOccupied: boolean;
  messages: number;
  bytes: number;
}

/**
 * Sizes of all queues and their totals, stored with the messages so that rows are never counted.
 *
 * Inside a transaction the numbers are read once, changed in memory and written once at the end.
 */
export class QueueSizes {
  readonly #readTotal: Statement;
  readonly #writeTotal: Statement;
  readonly #read: Statement;
  readonly #write: Statement;
  readonly #remove: Statement;
  readonly #open = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  readonly #occupied: OccupiedQueues | undefined;
  /** Inside a transaction: what all messages and keys take in the file. */
  readonly used: UsedBytes;
  #lastId = 0;
  #waiting = 0;
  #waitingBytes = 0;
  #deadLetters = 0;
  #mark: Buffer = Buffer.alloc(0);
  #isChanged = false;

  /** @param occupied is notified when a queue becomes empty or stops being empty */
  constructor(database: Database, occupied?: OccupiedQueues) {
    this.#occupied = occupied;
    this.used = new UsedBytes(database);
    this.#readTotal = database.prepare(
      'SELECT last_id, waiting, waiting_bytes, dead_letters, mark FROM total WHERE one = 1',
    );
    this.#writeTotal = database.prepare(
      'UPDATE total SET last_id = ?, waiting = ?, waiting_bytes = ?, dead_letters = ?, mark = ? WHERE one = 1',
    );
    this.#read = database.prepare('SELECT messages, bytes FROM mailbox WHERE receiver = ?');
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO mailbox (receiver, messages, bytes) VALUES (?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM mailbox WHERE receiver = ?');
  }

  /** Begins a transaction. Cached numbers are dropped: another process may have written since the last one. */
  begin(): void {
    this.#open.clear();
    this.#changed.clear();
    this.#isChanged = false;
    this.used.begin();
    const row = this.#readTotal.get();
    this.#lastId = numberOf(row, 'last_id');
    this.#waiting = numberOf(row, 'waiting');
    this.#waitingBytes = numberOf(row, 'waiting_bytes');
    this.#deadLetters = numberOf(row, 'dead_letters');
    this.#mark = bytesOf(row, 'mark');
  }

  /** Writes the changed numbers, before the commit. */
  end(): void {
    if (!this.#isChanged) return;
    for (const receiver of this.#changed) {
      const { messages, bytes } = this.#entry(receiver);
      if (messages > 0) this.#write.run(receiver, messages, bytes);
      else this.#remove.run(receiver);
    }
    const mark = nextMark(this.#mark);
    this.#writeTotal.run(this.#lastId, this.#waiting, this.#waitingBytes, this.#deadLetters, mark);
  }

  /** Call after the commit. */
  committed(): void {
    if (this.#occupied === undefined) return;
    for (const receiver of this.#changed) {
      const { wasOccupied, messages } = this.#entry(receiver);
      const isOccupied = messages > 0;
      if (isOccupied !== wasOccupied) this.#occupied.changed(receiver, isOccupied ? 1 : -1);
    }
  }

  get deadLetters(): number {
    return this.#deadLetters;
  }

  nextId(): StoreId {
    this.#isChanged = true;
    this.#lastId += 1;
    return this.#lastId;
  }

  /** The limit that a body of this many bytes would exceed; undefined if there is room. */
  limitFor(receiver: string, bytes: number, retention: Required<Retention>): QueueLimit | undefined {
    const entry = this.#entry(receiver);
    if (entry.bytes + bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
    return entry.messages >= retention.maxPerUser ? 'maxPerUser' : undefined;
  }

  /** Counts a message that starts or stops waiting. */
  addWaiting(receiver: string, bytes: number, by: 1 | -1): void {
    const entry = this.#entry(receiver);
    entry.messages += by;
    entry.bytes += by * bytes;
    this.#waiting += by;
    this.#waitingBytes += by * bytes;
    this.#changed.add(receiver);
    this.#isChanged = true;
  }

  /** Counts a dead letter that was added or removed. */
  addDeadLetters(by: 1 | -1): void {
    this.#deadLetters += by;
    this.#isChanged = true;
  }

  /** Makes the transaction write although nothing has changed. */
  touch(): void {
    this.#isChanged = true;
  }

  /** Size of a user's queue. Outside of transactions. */
  size(receiver: string): QueueSize {
    const row = this.#read.get(receiver);
    return row === undefined
      ? { messages: 0, bytes: 0 }
      : { messages: numberOf(row, 'messages'), bytes: numberOf(row, 'bytes') };
  }

  /** Totals of all users. Outside of transactions. */
  totals(): Totals {
    const row = this.#readTotal.get();
    return {
      waiting: numberOf(row, 'waiting'),
      waitingBytes: numberOf(row, 'waiting_bytes'),
      deadLetters: numberOf(row, 'dead_letters'),
    };
  }

  #entry(receiver: string): Entry {
    let entry = this.#open.get(receiver);
    if (entry === undefined) {
      const { messages, bytes } = this.size(receiver);
      entry = { wasOccupied: messages > 0, messages, bytes };
      this.#open.set(receiver, entry);
    }
    return entry;
  }
}
