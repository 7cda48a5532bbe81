import { Worker } from 'node:worker_threads';
import { loadSqlite } from './sqlite-module.js';

/** A checkpoint runs when the log has this many pages: 4 MiB. */
const CHECKPOINT_PAGES = 1024;
/** Estimates: pages that a commit writes in addition to its rows, and rows in a page. */
const PAGES_PER_COMMIT = 4;
const ROWS_PER_PAGE = 4;

/** The thread's program. It opens its own connection and imports nothing of ours. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require(workerData.specifier);
const database = new DatabaseSync(workerData.file);
database.exec('PRAGMA busy_timeout = 1000; PRAGMA synchronous = FULL');
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
parentPort.on('message', (word) => {
  if (word === 'close') {
    database.close();
    parentPort.close();
    return;
  }
  try {
    checkpoint.get();
  } catch {
    // The store's own connection runs the checkpoint when the log is long enough.
  }
  parentPort.postMessage('done');
});
`;

/**
 * Moves the write-ahead log into the database file in a worker thread, so that the server does not wait for the disk.
 *
 * A passive checkpoint blocks no reader or writer. If the thread is too slow or has failed, the store's connection runs
 * the checkpoint when the log is four times as long as intended.
 */
export class Checkpointer {
  readonly #file: string;
  #worker: Worker | undefined;
  #state: 'idle' | 'working' | 'gone' = 'idle';
  /** Estimated pages in the log since the last checkpoint. The file's length does not tell: it never shrinks. */
  #pages = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Reports a commit that changed this many rows. */
  committed(rows: number): void {
    this.#pages += PAGES_PER_COMMIT + rows / ROWS_PER_PAGE;
    if (this.#pages < CHECKPOINT_PAGES || this.#state !== 'idle') return;
    this.#worker ??= this.#start();
    this.#pages = 0;
    this.#state = 'working';
    this.#worker.postMessage('checkpoint');
  }

  /** Resolves when the thread has closed its connection. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined || this.#state === 'gone') return;
    this.#state = 'gone';
    const end = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage('close');
    await end;
  }

  #start(): Worker {
    const workerData = { file: this.#file, specifier: loadSqlite().specifier };
    const worker = new Worker(PROGRAM, { eval: true, workerData });
    worker.unref();
    worker.on('message', () => {
      if (this.#state === 'working') this.#state = 'idle';
    });
    worker.on('error', () => {
      this.#state = 'gone';
    });
    return worker;
  }
}
