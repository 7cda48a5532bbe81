import type { LogPosition, LogStart } from '@imcore/protocol';
import type { ModelEntry, ModelLog } from './model-log.js';

/** What one device has learned of the log, and what is wrong with it. */
export class LogRecord {
  readonly breaches: string[] = [];
  readonly #log: ModelLog;
  /** By the epoch, then by the position: the message that the application has handled and stored. */
  #handled = new Map<number, number>();
  #absent = new Set<number>();
  #stored = new Set<number>();
  /** Everything up to it was delivered or told to be absent, in this life of the client. */
  #passed = 0;

  constructor(log: ModelLog) {
    this.#log = log;
  }

  report(breach: string): void {
    this.breaches.push(breach);
  }

  /** The client knows a log for the first time, or another one. */
  began(log: LogStart): void {
    this.#handled = new Map();
    this.#absent = new Set();
    this.#stored = new Set();
    this.#passed = log.position;
    for (let position = 1; position <= log.position; position++) this.#absent.add(position);
  }

  restarted(saved: LogPosition | undefined): void {
    this.#passed = saved?.position ?? 0;
  }

  delivered(position: number): void {
    this.#pass(position, position, 'delivered');
  }

  handled(entry: ModelEntry): void {
    this.#handled.set(entry.position, entry.message);
  }

  gap(from: number, to: number, reason: string): void {
    // A log that was set back: its beginning is told in `began`.
    if (reason === 'hole' && to <= this.#passed) return;
    this.#pass(from, to, `told to be absent (${reason})`);
    for (let position = from; position <= to; position++) {
      if (this.#log.entries.has(position) && reason !== 'too-large')
        this.report(`${position} was told to be absent (${reason}), and is in the log`);
      this.#absent.add(position);
    }
  }

  /** An own message is stored: the feed may pass over it, and the application has it anyway. */
  stored(position: number): void {
    this.#stored.add(position);
  }

  /** Checks that nothing is missing, when all is quiet. */
  checkComplete(): void {
    for (let position = 1; position <= this.#log.last; position++) {
      const message = this.#handled.get(position);
      const isTold = this.#absent.has(position) || this.#stored.has(position);
      if (message === undefined && !isTold)
        this.report(`${position} was neither handled nor told to be absent`);
    }
    for (const [message, position] of this.#log.messages) {
      const isTold = this.#absent.has(position) || this.#stored.has(position);
      if (!isTold && this.#handled.get(position) !== message)
        this.report(`message ${message} at ${position} was not handled`);
    }
  }

  /** Everything is passed in order, each position once; only own messages that are stored may be left out. */
  #pass(from: number, to: number, how: string): void {
    if (from <= this.#passed) this.report(`${from} was ${how}, after ${this.#passed}`);
    for (let position = this.#passed + 1; position < from; position++)
      if (!this.#stored.has(position)) this.report(`${position} was passed over silently before ${from}`);
    this.#passed = Math.max(this.#passed, to);
  }
}
