import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreError } from '@imcore/server/ports';
import { CHECKPOINT_PROGRAM } from './checkpoint-program.js';
import { readersOf } from './log-readers.js';
import { type Database, loadSqlite } from './sqlite-module.js';

/** A checkpoint runs when the log has this many pages: 4 MiB. */
const CHECKPOINT_PAGES = 1024;
/** Estimates: pages that a commit writes in addition to its rows, and rows in a page. */
const PAGES_PER_COMMIT = 4;
const ROWS_PER_PAGE = 4;

/** The store's connection runs a checkpoint itself when the log has this many pages: 16 MiB. */
const AUTOMATIC_CHECKPOINT_PAGES = 4096;

const MIB = 1024 * 1024;
/** A longer log is cut to this length when SQLite begins it anew. */
const KEPT_LOG_BYTES = 32 * MIB;
/** Under full load the log has up to 27 MB. A longer one is cut as soon as no reader needs it. */
const LARGE_LOG_BYTES = 48 * MIB;
/** Wait before the next attempt to cut a large log, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Moves the write-ahead log into the database file in a worker thread, so that the server does not wait for the disk.
 *
 * A passive checkpoint blocks no reader or writer. If the thread is too slow or has failed, the store's connection runs
 * the checkpoint when the log is four times as long as intended. A process that reads for a long time keeps the log from
 * being cut: it grows. Then only the thread runs checkpoints, because the one after the reader's end takes long, and it
 * tries again every second to cut the log. Beyond `maxLogBytes` nothing more is written.
 */
export class Checkpointer {
  readonly #file: string;
  readonly #database: Database;
  readonly #maxLogBytes: number;
  #worker: Worker | undefined;
  #state: 'idle' | 'working' | 'gone' = 'idle';
  /** Estimated pages in the log since the last checkpoint. The file's length does not tell: it rarely shrinks. */
  #pages = 0;
  #logBytes = 0;
  #isLarge = false;
  #retry: NodeJS.Timeout | undefined;

  /** @param database the store's connection */
  constructor(file: string, database: Database, maxLogBytes: number) {
    this.#file = file;
    this.#database = database;
    this.#maxLogBytes = maxLogBytes;
    database.exec(`PRAGMA journal_size_limit = ${KEPT_LOG_BYTES}`);
    this.#setAutomatic(true);
  }

  /** @throws StoreError `ERR_STORE_LOCKED` when the log must not grow further */
  requireRoom(): void {
    if (this.#logBytes < this.#maxLogBytes) return;
    this.#run();
    throw new StoreError(
      'ERR_STORE_LOCKED',
      `${basename(this.#file)}-wal has ${this.#logBytes} bytes, the limit is ${this.#maxLogBytes} (maxLogBytes): another process reads the file and keeps the log from being cut`,
    );
  }

  /** What an operator must know about a large log; undefined if it is not large. */
  async problem(): Promise<string | undefined> {
    if (!this.#isLarge) return undefined;
    const readers = await readersOf(this.#file);
    const who = readers.length === 0 ? 'another process' : readers.join(', ');
    const [size, limit] = [this.#logBytes, this.#maxLogBytes].map((bytes) => `${Math.ceil(bytes / MIB)} MiB`);
    return `${basename(this.#file)}-wal has ${size} and cannot be cut while it is read, by ${who}; from ${limit} on nothing is stored`;
  }

  /** Reports a commit that changed this many rows, and the length of the log before it, in bytes. */
  committed(rows: number, logBytes: number): void {
    this.measured(logBytes);
    this.#pages += PAGES_PER_COMMIT + rows / ROWS_PER_PAGE;
    if (this.#pages >= CHECKPOINT_PAGES) this.#run();
  }

  /** The length of the log, in bytes. A large one is cut when that is possible. */
  measured(logBytes: number): void {
    this.#logBytes = logBytes;
    const isLarge = logBytes > LARGE_LOG_BYTES;
    if (isLarge === this.#isLarge) return;
    this.#isLarge = isLarge;
    if (this.#state === 'gone') return;
    this.#setAutomatic(!isLarge);
    if (isLarge) this.#run();
  }

  /** Resolves when the thread has moved the log and closed its connection. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    const worker = this.#worker;
    if (worker === undefined || this.#state === 'gone') return;
    this.#state = 'gone';
    const end = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage('close');
    await end;
  }

  #run(): void {
    if (this.#state !== 'idle') return;
    this.#worker ??= this.#start();
    this.#pages = 0;
    this.#state = 'working';
    this.#worker.postMessage(this.#isLarge ? 'cut' : 'checkpoint');
  }

  /** Outside of transactions. */
  #setAutomatic(isOn: boolean): void {
    this.#database.exec(`PRAGMA wal_autocheckpoint = ${isOn ? AUTOMATIC_CHECKPOINT_PAGES : 0}`);
  }

  #start(): Worker {
    const workerData = { file: this.#file, specifier: loadSqlite().specifier };
    const worker = new Worker(CHECKPOINT_PROGRAM, { eval: true, workerData });
    worker.unref();
    worker.on('message', (logBytes: number) => {
      if (this.#state !== 'working') return;
      this.#state = 'idle';
      this.measured(logBytes);
      if (this.#isLarge) this.#retryLater();
    });
    worker.on('error', () => {
      this.#state = 'gone';
      if (this.#isLarge) this.#setAutomatic(true);
    });
    return worker;
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#run(), RETRY_MS);
    this.#retry.unref();
  }
}
