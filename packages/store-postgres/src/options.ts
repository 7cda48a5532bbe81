import {
  type CopyProgress,
  checkNames,
  completeRetention,
  type MessageStore,
  type OptionNames,
  RETENTION_OPTIONS,
  type Retention,
  StoreError,
} from '@imcore/server/ports';
import type { PostgresConnection } from './database.js';

/**
 * The database and the limits of its logs. The size of all messages together is cached for up to five seconds, so several
 * nodes together can slightly exceed `maxTotalBytes`; the limits of a user are exact.
 */
export interface PostgresStoreOptions extends Retention {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. Takes precedence over `connection`. */
  readonly url?: string;
  /** The same as single fields. Default: libpq's environment variables (`PGHOST`, …), then the local server. */
  readonly connection?: PostgresConnection;
  /** The schema that holds the tables. Created if it does not exist. Default `imcore`. */
  readonly schema?: string;
  /** Maximum connections of this store. Default 8. */
  readonly maxConnections?: number;
  /** How long a call waits for a connection, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Maximum time of one statement, and of its wait for a lock, in milliseconds. Default 10 000. */
  readonly statementTimeoutMs?: number;
  /** Returns milliseconds since 1970. Default: `Date.now`. */
  readonly wallTime?: () => number;
  /** Called while the schema of an older version is migrated, with numbers of rows. It must not throw. */
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** A store that can be opened before its first use. */
export interface PostgresStore extends MessageStore {
  /**
   * Connects and migrates the schema to the newest version. The first call of any other method does it too. A program
   * that calls this at startup fails early if something is wrong.
   *
   * @throws StoreError `ERR_STORE_FAILED` when the database is not reachable, `ERR_STORE_NEWER` when the schema has a newer
   *   version.
   */
  open(): Promise<void>;
}

/** Options with defaults filled in. `url` and `connection` may be undefined: then libpq's environment variables apply. */
export interface CompleteOptions {
  readonly url: string | undefined;
  readonly connection: PostgresConnection | undefined;
  readonly schema: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly retention: Required<Retention>;
  readonly wallTime: () => number;
  readonly onProgress: ((progress: CopyProgress) => void) | undefined;
}

const OPTIONS: OptionNames<PostgresStoreOptions> = {
  ...RETENTION_OPTIONS,
  url: true,
  connection: true,
  schema: true,
  maxConnections: true,
  connectTimeoutMs: true,
  statementTimeoutMs: true,
  wallTime: true,
  onProgress: true,
};

/**
 * Checks the options and fills in defaults.
 *
 * @throws StoreError `ERR_STORE_FAILED`, UsageError `ERR_INVALID_OPTION`
 */
export function completeOptions(options: PostgresStoreOptions): CompleteOptions {
  checkNames(options, OPTIONS);
  return {
    url: options.url,
    connection: options.connection,
    schema: requireSchema(options.schema ?? 'imcore'),
    maxConnections: requireWhole('maxConnections', options.maxConnections ?? 8, 1),
    connectTimeoutMs: requireWhole('connectTimeoutMs', options.connectTimeoutMs ?? 5000, 1),
    statementTimeoutMs: requireWhole('statementTimeoutMs', options.statementTimeoutMs ?? 10_000, 1),
    retention: completeRetention(options),
    wallTime: options.wallTime ?? Date.now,
    onProgress: options.onProgress,
  };
}

function requireSchema(schema: string): string {
  if (schema !== '' && !schema.includes('\0') && Buffer.byteLength(schema) <= 63) return schema;
  throw new StoreError('ERR_STORE_FAILED', 'schema must be a name of 1 to 63 bytes');
}

function requireWhole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StoreError(
    'ERR_STORE_FAILED',
    `${name} must be a whole number of ${least} or more, got ${value}`,
  );
}
