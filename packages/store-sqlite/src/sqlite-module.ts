import { createRequire } from 'node:module';
import { StoreError } from '@imcore/server/ports';

/** What a statement can be given. */
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

export interface BackupOptions {
  /** Pages of one step. */
  readonly rate: number;
  readonly progress: (pages: { readonly totalPages: number; readonly remainingPages: number }) => void;
}

export interface SqliteModule {
  readonly DatabaseSync: new (file: string) => Database;
  /** Absent in the first versions of Node that have SQLite. */
  readonly backup?: (source: Database, target: string, options: BackupOptions) => Promise<number>;
}

const NATIVE = 'node:sqlite';
const TWIN = '@photostructure/sqlite';

/** The SQLite of this Node, or the package of the same API where this Node has none, and what `require` takes for it. */
export interface LoadedSqlite {
  readonly module: SqliteModule;
  readonly specifier: string;
}

/** @throws StoreError `ERR_STORE_FAILED` when there is none. */
export function loadSqlite(): LoadedSqlite {
  const require = createRequire(import.meta.url);
  for (const name of [NATIVE, TWIN]) {
    try {
      const module: unknown = require(name);
      if (isSqliteModule(module)) return { module, specifier: name === TWIN ? require.resolve(name) : name };
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
