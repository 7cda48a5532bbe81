import { StoreError } from '@imcore/server/ports';
import { Client, type ClientBase, Pool, type PoolConfig } from 'pg';

/** Where the database is, for those who have it in parts. What is absent comes from libpq's environment variables. */
export interface PostgresConnection {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** A function is asked at each new connection: for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /** `true`: TLS with a certificate that is checked; an object: options of `tls.connect`. Default: none. */
  readonly ssl?: PoolConfig['ssl'];
}

export interface DatabaseOptions {
  readonly url: string | undefined;
  readonly connection: PostgresConnection | undefined;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** How much longer than the server a client waits for its answer: then the connection is taken for dead. */
const ANSWER_GRACE_MS = 2000;
const IDLE_CONNECTION_MS = 60_000;
const MAX_ATTEMPTS = 3;
/** Two transactions stood in each other's way, and this one was undone: it can be done again. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['40001', '40P01']);

/**
 * A pool of connections. Owns the time-outs, the sessions' settings and what an error becomes.
 *
 * A connection on which anything failed is thrown away, and the next call makes a new one: that is how it comes back
 * after a restart or a failover.
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
      connectionTimeoutMillis: options.connectTimeoutMs,
      query_timeout: options.statementTimeoutMs + ANSWER_GRACE_MS,
      onConnect: (client) => prepareSession(client, options.statementTimeoutMs),
    });
    // A connection that dies says so to whoever listens, and ends the process where nobody does. The call that uses
    // it learns of it anyway; an idle one is replaced.
    this.#pool.on('error', ignore);
    this.#pool.on('connect', (client) => client.on('error', ignore));
  }

  /**
   * Gives the work a connection.
   *
   * @throws StoreError `ERR_STORE_FAILED`, also when no connection comes in time; `ERR_STORE_CLOSED` after `close`.
   */
  async run<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !IN_THE_WAY.has(codeOf(error))) throw this.#failure(error);
      }
    }
  }

  /** As `run`, between `begin` and a commit. What fails is undone by the end of its connection. */
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
    let isSound = false;
    try {
      const result = await work(client);
      isSound = true;
      return result;
    } finally {
      client.release(!isSound);
    }
  }

  #failure(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    if (this.#end !== undefined) return new StoreError('ERR_STORE_CLOSED', 'the store is closed');
    return new StoreError('ERR_STORE_FAILED', `PostgreSQL: ${describe(error)}`, { cause: error });
  }
}

/** Nothing is done with it: see where it is used. */
function ignore(): void {}

function configOf({ url, connection }: DatabaseOptions): PoolConfig {
  return {
    application_name: 'imcore',
    ...connection,
    ...(url === undefined ? {} : { connectionString: url }),
  };
}

/**
 * Fails for a URL that cannot be read: now, and in our words. Errors about URLs hold the URL, and so a password.
 *
 * @throws StoreError `ERR_STORE_FAILED`
 */
function checkConfig(config: PoolConfig): void {
  try {
    new Client(config);
  } catch {
    throw new StoreError('ERR_STORE_FAILED', 'the url of the PostgreSQL database cannot be read');
  }
}

/**
 * Every statement here finds its rows by an index. A plan that was made while the table was small, and is kept with
 * its statement, must not be one that reads the whole table.
 */
async function prepareSession(client: ClientBase, statementTimeoutMs: number): Promise<void> {
  await client.query(
    `SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';
     SET statement_timeout = ${statementTimeoutMs}; SET lock_timeout = ${statementTimeoutMs};
     SET idle_in_transaction_session_timeout = ${statementTimeoutMs}; SET enable_seqscan = off; SET jit = off`,
  );
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** A refused connection to a name with two addresses has a code and no message. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  return [message, code === '' ? '' : `(${code})`].filter((part) => part !== '').join(' ');
}
