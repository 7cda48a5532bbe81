import type { DeadLetter, StoreError } from '@imcore/server/ports';
import { Checkpointer } from './checkpointer.js';
import type { Connection } from './connection.js';
import { inTransaction, isBusy } from './database.js';
import type { DeadLetterTable } from './dead-letter-table.js';
import { FileIdentity, failureOf } from './file-guard.js';
import type { LogTables } from './log-tables.js';
import { numberOf } from './rows.js';
import type { Statement } from './sqlite-module.js';
import type { Sweeper } from './sweeper.js';

/** How long a store reports itself unhealthy after a failure, unless a later transaction succeeds. */
const TROUBLE_MS = 5000;

/** What a transaction writes, or resets after a rollback, and who is told what it has deleted. */
interface TransactionParts {
  readonly tables: LogTables;
  readonly deadLetters: DeadLetterTable;
  readonly sweeper: Sweeper;
  readonly onDeleted: (deadLetters: readonly DeadLetter[]) => void;
  /** Returns milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The transactions of an open store, one after the other. Checks that the file is still the one that was opened, starts
 * checkpoints, and remembers the last failure.
 */
export class Transactions {
  readonly #connection: Connection;
  readonly #parts: TransactionParts;
  readonly #identity: FileIdentity;
  readonly #checkpointer: Checkpointer;
  readonly #totalChanges: Statement;
  #changes = 0;
  #failure: StoreError | undefined;
  #failedAt = 0;

  /**
   * @param connection its database must have been read, so that its write-ahead log exists
   * @param maxLogBytes maximum length of that log
   * @throws StoreError `ERR_STORE_REPLACED`
   */
  constructor(connection: Connection, parts: TransactionParts, maxLogBytes: number) {
    const { file, database } = connection;
    this.#connection = connection;
    this.#parts = parts;
    this.#totalChanges = database.prepare('SELECT total_changes() AS n');
    this.#identity = new FileIdentity(file);
    this.#checkpointer = new Checkpointer(file, database, maxLogBytes);
    this.#identity.check();
    this.#checkpointer.measured(this.#identity.logBytes);
  }

  /** Error of the last transaction; undefined if it succeeded. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Whether the last transaction failed so long ago that another one should test the disk. */
  get isTestDue(): boolean {
    return this.#failure !== undefined && this.#parts.now() >= this.#failedAt + TROUBLE_MS;
  }

  /** @throws StoreError `ERR_STORE_REPLACED` */
  checkFile(): void {
    this.#identity.check();
  }

  /** Why the write-ahead log cannot be cut, for an operator; undefined if it can. */
  problemOfLog(): Promise<string | undefined> {
    return this.#checkpointer.problem();
  }

  /** Ends the checkpoints. */
  close(): Promise<void> {
    return this.#checkpointer.close();
  }

  /** @throws StoreError, or SQLite's own error if another process has locked the file. Then nothing was changed. */
  run(work: () => void): void {
    const { tables, deadLetters, onDeleted } = this.#parts;
    try {
      this.#checkpointer.requireRoom();
      inTransaction(this.#connection.database, () => {
        tables.begin();
        work();
        tables.end();
        this.#identity.check();
      });
      tables.committed();
    } catch (error) {
      throw this.#rolledBack(error);
    }
    this.#failure = undefined;
    const changes = numberOf(this.#totalChanges.get(), 'n');
    this.#checkpointer.committed(changes - this.#changes, this.#identity.logBytes);
    this.#changes = changes;
    const deleted = deadLetters.takeDeleted();
    if (deleted.length > 0) onDeleted(deleted);
  }

  /** Returns the error to throw. */
  #rolledBack(error: unknown): unknown {
    const { tables, deadLetters, sweeper, now } = this.#parts;
    sweeper.restart();
    tables.rolledBack();
    deadLetters.rolledBack();
    this.#failedAt = now();
    this.#failure = failureOf(error, this.#connection.file, this.#failedAt);
    return isBusy(error) ? error : this.#failure;
  }
}
