import {
  type CopyProgress,
  checkInteger,
  checkNames,
  completeRetention,
  type OptionNames,
  RETENTION_OPTIONS,
  type Retention,
} from '@imcore/server/ports';

/** The file, the limits of the users' logs and how long messages are kept. */
export interface SqliteStoreOptions extends Retention {
  /** The database file. Created if it does not exist; `-wal`, `-shm` and `-lock` appear beside it while it is open. */
  readonly file: string;
  /**
   * Files up to this size, in bytes, are checked for damage when they are opened. Default 256 MiB, which takes about a
   * second; 0 checks none.
   */
  readonly maxCheckedBytes?: number;
  /**
   * How long a call waits while another process has locked the file, in milliseconds. Default 5000. The event loop does not
   * wait.
   */
  readonly lockTimeoutMs?: number;
  /**
   * Maximum length of the write-ahead log, in bytes. It grows while another process reads the file; beyond the limit calls
   * are rejected. Default 1 GiB.
   */
  readonly maxLogBytes?: number;
  /**
   * Called while the file of an older version is migrated, before the store is open: a million messages take less than a
   * minute. The migration is one transaction, which needs free space on the disk of twice the size of the file.
   */
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Returns milliseconds since 1970. Default: `Date.now`. */
  readonly wallTime?: () => number;
}

const OPTIONS: OptionNames<SqliteStoreOptions> = {
  ...RETENTION_OPTIONS,
  file: true,
  lockTimeoutMs: true,
  maxCheckedBytes: true,
  maxLogBytes: true,
  onProgress: true,
  wallTime: true,
};
const DEFAULT_MAX_CHECKED_BYTES = 256 * 1024 * 1024;
const DEFAULT_MAX_LOG_BYTES = 1024 * 1024 * 1024;
/** Under full load the log has up to 27 MB without a reader. */
const MIN_MAX_LOG_BYTES = 64 * 1024 * 1024;
export const DEFAULT_LOCK_TIMEOUT_MS = 5000;

/** The options of a store, with their defaults. */
export interface CompleteOptions {
  readonly file: string;
  readonly retention: Required<Retention>;
  readonly maxCheckedBytes: number;
  readonly lockTimeoutMs: number;
  readonly maxLogBytes: number;
  readonly onProgress: ((progress: CopyProgress) => void) | undefined;
  readonly wallTime: () => number;
}

/** @throws UsageError `ERR_INVALID_OPTION` */
export function completeOptions(options: SqliteStoreOptions): CompleteOptions {
  checkNames(options, OPTIONS);
  checkInteger('maxCheckedBytes', options.maxCheckedBytes, 0);
  checkInteger('lockTimeoutMs', options.lockTimeoutMs, 1);
  checkInteger('maxLogBytes', options.maxLogBytes, MIN_MAX_LOG_BYTES);
  return {
    file: options.file,
    retention: completeRetention(options),
    maxCheckedBytes: options.maxCheckedBytes ?? DEFAULT_MAX_CHECKED_BYTES,
    lockTimeoutMs: options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS,
    maxLogBytes: options.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES,
    onProgress: options.onProgress,
    wallTime: options.wallTime ?? Date.now,
  };
}
