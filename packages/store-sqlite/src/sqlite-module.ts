import { createRequire } from 'node:module';
import { StoreError } from '@imcore/server/ports';

/** A parameter of a statement. */
type SqlValue = string | number | bigint | Uint8Array | null;

/** The part of a prepared statement that is used here. */
export interface Statement {
  run(...values: SqlValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The part of `DatabaseSync` that is used here, the same in `node:sqlite` and in the package for older Node versions. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface BackupOptions {
  /** Pages copied in one step. */
  readonly rate: number;
  readonly progress: (pages: { readonly totalPages: number; readonly remainingPages: number }) => void;
}

interface SqliteModule {
  readonly DatabaseSync: new (file: string) => Database;
  /** Absent in the first Node versions with SQLite. */
  readonly backup?: (source: Database, target: string, options: BackupOptions) => Promise<number>;
}

const NATIVE = 'node:sqlite';
const FALLBACK = '@photostructure/sqlite';

/** Node's SQLite, or the package with the same API where Node has none, and its specifier for `require`. */
interface LoadedSqlite {
  readonly module: SqliteModule;
  readonly specifier: string;
}

/** @throws StoreError `ERR_STORE_FAILED` when neither is available. */
export function loadSqlite(): LoadedSqlite {
  const require = createRequire(import.meta.url);
  for (const name of [NATIVE, FALLBACK]) {
    try {
      const module: unknown = require(name);
      if (isSqliteModule(module))
        return { module, specifier: name === FALLBACK ? require.resolve(name) : name };
    } catch {
      // Try the next one.
    }
  }
  throw new StoreError(
    'ERR_STORE_FAILED',
    `SQLite is not available: Node ${process.version} has no built-in SQLite, and ${FALLBACK} is not installed`,
  );
}

function isSqliteModule(module: unknown): module is SqliteModule {
  return typeof module === 'object' && module !== null && 'DatabaseSync' in module;
}
