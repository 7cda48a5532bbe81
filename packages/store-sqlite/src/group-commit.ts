import { StoreError } from '@imcore/server/ports';
import { isBusy } from './database.js';

interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  /** What it keeps in memory; counted only while the file is locked. */
  readonly bytes: number;
  /** Since when it waits for a lock. */
  lockedSince: number | undefined;
}

/** Waits between two attempts while the file is locked, in milliseconds. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 20;

/** Calls that wait for a lock at the same time, and bytes of their messages. */
const MAX_WAITING = 1024;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** How long a job may wait for the lock of another process, and a clock that is never set back, in milliseconds. */
interface LockWait {
  readonly lockTimeoutMs: number;
  readonly now: () => number;
}

/**
 * Runs all work of one turn of the event loop in one transaction: one sync to the disk for all of it.
 *
 * If the transaction fails, every caller's promise rejects: no caller is told that undone work was stored. If another
 * process has locked the file, all work stays in the queue and is tried again later; the event loop never waits. Work that
 * has waited for `lockTimeoutMs`, and calls when too many wait, are rejected.
 */
export class GroupCommit {
  readonly #transaction: (work: () => void) => void;
  readonly #wait: LockWait;
  #jobs: Job[] = [];
  /** Set while the file is locked. */
  #retry: NodeJS.Timeout | undefined = undefined;
  #retryMs = FIRST_WAIT_MS;
  #waitingBytes = 0;
  #onIdle: (() => void)[] = [];

  /** @param transaction does the work and commits, or throws after a rollback. It throws SQLite's own error if it is busy. */
  constructor(transaction: (work: () => void) => void, wait: LockWait) {
    this.#transaction = transaction;
    this.#wait = wait;
  }

  /** Whether another process has locked the file, as far as is known. */
  get isLocked(): boolean {
    return this.#retry !== undefined;
  }

  /**
   * @param sizeOf returns the bytes that the work keeps in memory; called only while the file is locked
   * @throws StoreError `ERR_STORE_LOCKED`
   */
  add<T>(work: () => T, sizeOf?: () => number): Promise<T> {
    if (this.isLocked) return this.#addWaiting(work, sizeOf?.() ?? 0);
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ work, resolve, reject, bytes: 0, lockedSince: undefined });
      if (this.#jobs.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Runs what is queued now. */
  flush(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length > 0) this.#run(jobs);
    if (this.#jobs.length === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Runs what is queued now; resolves when all of it is committed or rejected. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
      this.flush();
    });
  }

  #addWaiting<T>(work: () => T, bytes: number): Promise<T> {
    if (this.#jobs.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES)
      return Promise.reject(tooManyWait());
    this.#waitingBytes += bytes;
    const lockedSince = this.#wait.now();
    return new Promise((resolve, reject) => this.#jobs.push({ work, resolve, reject, bytes, lockedSince }));
  }

  #run(jobs: Job[]): void {
    const results: unknown[] = [];
    try {
      this.#transaction(() => {
        for (const { work } of jobs) results.push(work());
      });
    } catch (error) {
      if (isBusy(error)) {
        this.#keep(jobs, error);
        return;
      }
      this.#nothingWaits();
      for (const { reject } of jobs) reject(error);
      return;
    }
    this.#nothingWaits();
    for (const [index, { resolve }] of jobs.entries()) resolve(results[index] as never);
  }

  #nothingWaits(): void {
    this.#retryMs = FIRST_WAIT_MS;
    this.#waitingBytes = 0;
  }

  /** The file is locked: keeps the jobs for the next attempt, except those that have waited long enough. */
  #keep(jobs: Job[], cause: unknown): void {
    const now = this.#wait.now();
    for (const job of jobs) {
      job.lockedSince ??= now;
      if (now - job.lockedSince < this.#wait.lockTimeoutMs) {
        this.#jobs.push(job);
        continue;
      }
      this.#waitingBytes -= job.bytes;
      job.reject(stillLocked(this.#wait, cause));
    }
    if (this.#jobs.length === 0) return;
    this.#retry = setTimeout(() => this.flush(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_WAIT_MS);
  }
}

function stillLocked({ lockTimeoutMs }: LockWait, cause: unknown): StoreError {
  return new StoreError(
    'ERR_STORE_LOCKED',
    `another process has locked the file for longer than ${lockTimeoutMs} ms (lockTimeoutMs)`,
    { cause },
  );
}

function tooManyWait(): StoreError {
  return new StoreError(
    'ERR_STORE_LOCKED',
    `another process has locked the file, and ${MAX_WAITING} calls or ${MAX_WAITING_BYTES} bytes already wait for it`,
  );
}
