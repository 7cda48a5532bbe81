import {
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
 * Where the database is, how it is used, and how much may wait there for how long. Counts of queues are asked of
 * the database every ten seconds, so that several nodes may together pass a limit a little.
 */
export interface PostgresStoreOptions extends Retention {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. Wins over `connection` where both speak. */
  readonly url?: string;
  /** The same in parts. Default: libpq's environment variables (`PGHOST`, …), then the local server. */
  readonly connection?: PostgresConnection;
  /** The schema that holds the tables; made where there is none. Default `imcore`. */
  readonly schema?: string;
  /** Connections at most, for this store. Default 8. */
  readonly maxConnections?: number;
  /** How long a call waits for a connection, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** How long one statement may take, in milliseconds; also how long it waits for another node. Default 10 000. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds since 1970. Default: the machine's. */
  readonly wallTime?: () => number;
}

/** A store that is also told when to connect. */
export interface PostgresStore extends MessageStore {
  /**
   * Connects and brings the schema to the newest version. The first call of any other method does it too; a program
   * that calls this first learns at its start what is wrong.
   *
   * @throws StoreError `ERR_STORE_FAILED` when there is no connection, or the schema belongs to a newer version.
   */
  open(): Promise<void>;
}

/** Options as they are used: nothing is left out but what libpq's environment may say. */
export interface CompleteOptions {
  readonly url: string | undefined;
  readonly connection: PostgresConnection | undefined;
  readonly schema: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly retention: Required<Retention>;
  readonly wallTime: () => number;
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
};

/**
 * Fills in what is left out.
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
  };
}

function requireSchema(schema: string): string {
  if (schema !== '' && !schema.includes('\0') && Buffer.byteLength(schema) <= 63) return schema;
  throw new StoreError('ERR_STORE_FAILED', 'the schema of a PostgreSQL store is a name of 1 to 63 bytes');
}

function requireWhole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StoreError('ERR_STORE_FAILED', `${name} must be a whole number from ${least} up, not ${value}`);
}
