import { StoreError } from '@imcore/server/ports';
import { Client, type ClientBase, Pool, type PoolConfig } from 'pg';

/** Connection parameters as single fields. Missing ones come from libpq's environment variables. */
export interface PostgresConnection {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** A function is called for each new connection, for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /** `true`: TLS with certificate verification; an object: options of `tls.connect`. Default: no TLS. */
  readonly ssl?: PoolConfig['ssl'];
}

interface DatabaseOptions {
  readonly url: string | undefined;
  readonly connection: PostgresConnection | undefined;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** How much longer than the server's timeout the client waits before it considers the connection dead. */
const ANSWER_GRACE_MS = 2000;
const IDLE_CONNECTION_MS = 60_000;
/** When the system starts to check whether a connection without traffic still works. */
const KEEP_ALIVE_AFTER_MS = 10_000;
/** Maximum wait for a lock: less than the server waits for a call of its store, so that the reason is known. */
const MAX_LOCK_WAIT_MS = 5000;
const MAX_ATTEMPTS = 3;
/** SQLSTATEs of a serialization failure and a deadlock: the transaction was rolled back and can be retried. */
const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01']);
/** What `pg` says where the server asks for a password and there is none. */
const NO_PASSWORD = /^SASL: .*client password must be/;
/** The code of a failure, by its SQLSTATE: a read-only transaction, and a full disk. */
const CODES: Readonly<Record<string, StoreError['code']>> = {
  25006: 'ERR_STORE_READ_ONLY',
  53100: 'ERR_STORE_FULL',
};

/**
 * Every statement here finds its rows through an index. A plan made while the table was small is kept with its prepared
 * statement, so sequential scans are disabled, and so are bitmap scans, which read a whole log for its first entries. Parts of a
 * statement are joined by hash, however few rows the planner expects. Nested loops are used only where a statement allows nothing
 * else: for rows that are looked up one by one.
 */
export const PLAN_SETTINGS =
  'SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_nestloop = off; SET enable_mergejoin = off; SET jit = off';

/**
 * A pool of connections. Owns the timeouts, the session settings and the conversion of errors.
 *
 * A connection on which anything failed is closed, and the next call opens a new one. That is how the pool recovers after
 * a restart or a failover.
 */
export class Database {
  readonly #pool: Pool;
  #end: Promise<void> | undefined;

  constructor(options: DatabaseOptions) {
    const config = configOf(options);
    checkConfig(config);
    this.#pool = new Pool({
      ...config,
      max: options.maxConnections,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      connectionTimeoutMillis: options.connectTimeoutMs,
      query_timeout: options.statementTimeoutMs + ANSWER_GRACE_MS,
      onConnect: (client) => prepareSession(client, options.statementTimeoutMs),
    });
    // Without a listener an 'error' event would end the process. A call that uses the connection rejects anyway; an idle
    // connection is replaced.
    this.#pool.on('error', ignore);
    this.#pool.on('connect', (client) => client.on('error', ignore));
  }

  /**
   * Runs the work with a connection.
   *
   * @throws StoreError `ERR_STORE_FAILED`, also when no connection is available in time; `ERR_STORE_READ_ONLY`, `ERR_STORE_FULL`;
   *   `ERR_STORE_CLOSED` after `close`.
   */
  async run<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !RETRYABLE.has(codeOf(error))) throw this.#failure(error);
      }
    }
  }

  /** As `run`, between `begin` and a commit. A failed transaction is rolled back by closing its connection. */
  transaction<T>(begin: string, work: (client: ClientBase) => Promise<T>): Promise<T> {
    return this.run(async (client) => {
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  }

  close(): Promise<void> {
    this.#end ??= this.#pool.end();
    return this.#end;
  }

  async #attempt<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let isHealthy = false;
    try {
      const result = await work(client);
      isHealthy = true;
      return result;
    } finally {
      client.release(!isHealthy);
    }
  }

  #failure(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    if (this.#end !== undefined) return new StoreError('ERR_STORE_CLOSED', 'the store is closed');
    const code = CODES[codeOf(error)] ?? 'ERR_STORE_FAILED';
    return new StoreError(code, `PostgreSQL: ${describe(error)}`, { cause: error });
  }
}

function ignore(): void {}

function configOf({ url, connection }: DatabaseOptions): PoolConfig {
  return {
    application_name: 'imcore',
    ...connection,
    ...(url === undefined ? {} : { connectionString: url }),
  };
}

/**
 * Rejects an invalid URL at startup, with our own message: an error about a URL contains the URL, and so the password.
 *
 * @throws StoreError `ERR_STORE_FAILED`
 */
function checkConfig(config: PoolConfig): void {
  try {
    new Client(config);
  } catch {
    throw new StoreError(
      'ERR_STORE_FAILED',
      'url must be a valid PostgreSQL URL: postgres://user:password@host:port/database',
    );
  }
}

async function prepareSession(client: ClientBase, statementTimeoutMs: number): Promise<void> {
  const lockTimeoutMs = Math.min(statementTimeoutMs, MAX_LOCK_WAIT_MS);
  await client.query(
    `SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';
     SET statement_timeout = ${statementTimeoutMs}; SET lock_timeout = ${lockTimeoutMs};
     SET idle_in_transaction_session_timeout = ${statementTimeoutMs}; ${PLAN_SETTINGS}`,
  );
}

/** The SQLSTATE of an error of PostgreSQL, or the code of another error; empty if it has none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** When a host name with two addresses refuses the connection, the error has a code and no message. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (NO_PASSWORD.test(message)) return 'the server asks for a password, and none was given';
  const code = codeOf(error);
  return [message, code === '' ? '' : `(${code})`].filter((part) => part !== '').join(' ');
}
