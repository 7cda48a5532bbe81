import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboxError } from '../errors.js';
import { recordIn } from '../outbox/device-record.js';
import { outboxOn } from '../outbox/durable-outbox.js';
import type { OutboxStorage, StorageBox, StoredEntry } from '../outbox/outbox-storage.js';
import { Sequence } from '../outbox/sequence.js';
import type { OutboxSource } from '../outbox.js';
import { AppendLog, type LogRecord, toLine } from './append-log.js';
import { lockFile, type Unlock } from './process-lock.js';

/**
 * Creates a durable outbox in files: `createClient({ outbox: fileOutbox('/var/lib/bot'), … })`. Accepted messages survive
 * a crash of the process and a power failure. Only one process may use it at a time; another one gets the error
 * `ERR_OUTBOX_LOCKED`.
 *
 * @param directory Created if it does not exist. Contains three small files per user.
 */
export function fileOutbox(directory: string): OutboxSource {
  return outboxOn(fileStorage(directory));
}

/** A storage in files: one append-only log per box. */
export function fileStorage(directory: string): OutboxStorage {
  return {
    open: (name) => openBox(directory, name),
    openRecord: async (name) => recordIn(await openBox(directory, name)),
  };
}

async function openBox(directory: string, name: string): Promise<StorageBox> {
  const path = join(directory, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.log`);
  let unlock: Unlock | undefined;
  try {
    await mkdir(directory, { recursive: true });
    unlock = await lockFile(`${path}.lock`);
    if (unlock !== undefined) return new FileBox(await AppendLog.open(path), unlock);
  } catch (cause) {
    await unlock?.();
    throw toOutboxError(cause);
  }
  throw new OutboxError('ERR_OUTBOX_LOCKED', `another process uses the outbox in ${directory}`);
}

/** A call that is not written yet. */
interface Waiting {
  readonly line: string;
  readonly isDurable: boolean;
  resolve(): void;
  reject(error: OutboxError): void;
}

/** A log and its current entries. Calls that arrive while the disk is busy are written together. */
class FileBox implements StorageBox {
  readonly #log: AppendLog;
  readonly #unlock: Unlock;
  readonly #entries = new Map<string, string>();
  readonly #sequence = new Sequence();
  #waiting: Waiting[] = [];
  #liveBytes = 0;
  #isClosed = false;

  constructor({ log, records }: { log: AppendLog; records: readonly LogRecord[] }, unlock: Unlock) {
    this.#log = log;
    this.#unlock = unlock;
    for (const [key, value] of records) this.#apply(key, value);
  }

  async list(): Promise<readonly StoredEntry[]> {
    return [...this.#entries].map(([key, value]) => ({ key, value }));
  }

  put(key: string, value: string): Promise<void> {
    return this.#write([key, value], true);
  }

  /** Not durable: if a removed message reappears after a crash, its receiver detects the duplicate. */
  remove(key: string): Promise<void> {
    return this.#entries.has(key) ? this.#write([key], false) : Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#sequence.run(async () => {
      await this.#log.close();
      await this.#unlock();
    });
  }

  #apply(key: string, value: string | undefined): void {
    const known = this.#entries.get(key);
    if (known !== undefined) this.#liveBytes -= key.length + known.length;
    if (value === undefined) this.#entries.delete(key);
    else {
      this.#entries.set(key, value);
      this.#liveBytes += key.length + value.length;
    }
  }

  #write(record: LogRecord, isDurable: boolean): Promise<void> {
    if (this.#isClosed) return Promise.reject(new OutboxError('ERR_OUTBOX_FAILED', 'the box is closed'));
    const [key, value] = record;
    this.#apply(key, value);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: toLine(record), isDurable, resolve, reject });
      if (this.#waiting.length === 1) void this.#sequence.run(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const lines = waiting.map(({ line }) => line);
      await this.#log.append(
        lines,
        waiting.some(({ isDurable }) => isDurable),
      );
      if (this.#log.shouldCompact(this.#liveBytes)) await this.#compact();
      for (const { resolve } of waiting) resolve();
    } catch (cause) {
      const error = toOutboxError(cause);
      for (const { reject } of waiting) reject(error);
    }
  }

  /** Rewrites the log. It includes entries that are not written yet; their lines are then redundant. */
  #compact(): Promise<void> {
    return this.#log.rewrite([...this.#entries].map((entry) => toLine(entry)));
  }
}

function toOutboxError(cause: unknown): OutboxError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new OutboxError(
    isFull ? 'ERR_OUTBOX_FULL' : 'ERR_OUTBOX_FAILED',
    `the file of the outbox failed: ${message}`,
    {
      cause,
    },
  );
}
