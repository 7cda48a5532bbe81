import { Worker } from 'node:worker_threads';
import { loadSqlite } from './sqlite-module.js';

/** A log of so many pages is worth a checkpoint: 4 MiB. */
const CHECKPOINT_PAGES = 1024;
/** About what one commit writes beside its rows, and how many rows come to lie in one page. */
const PAGES_PER_COMMIT = 4;
const ROWS_PER_PAGE = 4;

/** What the thread does: it has a connection of its own, and nothing to import. */
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
    // The store's own connection does it when the log is long enough.
  }
  parentPort.postMessage('done');
});
`;

/**
 * Moves what is in the write-ahead log to the file, in a thread of its own: the wait for the disk is not the server's.
 *
 * A passive checkpoint is in nobody's way. Where the thread cannot follow, or is not there, the store's connection
 * does it itself when the log is four times as long as it should be.
 */
export class Checkpointer {
  readonly #file: string;
  #worker: Worker | undefined;
  #state: 'idle' | 'working' | 'gone' = 'idle';
  /** Pages in the log that no checkpoint has seen, about: the file itself keeps its greatest length. */
  #pages = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** After a commit that changed so many rows. */
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
