import { createRequire } from 'node:module';
import { StoreError } from '@imcore/server/ports';

/** What a statement can be given and gives back. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** The part of a prepared statement that is used here. */
export interface Statement {
  run(...values: SqlValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The part of `DatabaseSync` that is used here: the same in `node:sqlite` and in its twin for older Node. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface SqliteModule {
  readonly DatabaseSync: new (file: string) => Database;
}

const NATIVE = 'node:sqlite';
const TWIN = '@photostructure/sqlite';

/**
 * Opens a database file with the SQLite of this Node, or with the package of the same API where this Node has none.
 *
 * @throws StoreError `ERR_STORE_FAILED` when there is no SQLite, or the file cannot be opened.
 */
export function openDatabase(file: string): Database {
  const { DatabaseSync } = loadSqlite();
  try {
    return new DatabaseSync(file);
  } catch (error) {
    throw new StoreError('ERR_STORE_FAILED', `cannot open ${file}: ${messageOf(error)}`, { cause: error });
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function loadSqlite(): SqliteModule {
  const require = createRequire(import.meta.url);
  for (const name of [NATIVE, TWIN]) {
    try {
      const module: unknown = require(name);
      if (isSqliteModule(module)) return module;
    } catch {
      // The next one may be there.
    }
  }
  throw new StoreError(
    'ERR_STORE_FAILED',
    `there is no SQLite: Node ${process.version} has none, and ${TWIN} is not installed`,
  );
}

function isSqliteModule(module: unknown): module is SqliteModule {
  return typeof module === 'object' && module !== null && 'DatabaseSync' in module;
}
