import Module from 'node:module';

/**
 * Makes SQLite less durable on purpose, which the proof must detect. Loaded with `--import` before the store, it replaces
 * the `synchronous` that the store sets (`IMCORE_SYNCHRONOUS`: `NORMAL` or `OFF`).
 */
interface SqliteModule {
  readonly DatabaseSync: new (...values: readonly unknown[]) => { exec(sql: string): void };
}

interface Loader {
  _load(this: unknown, request: string, ...others: readonly unknown[]): unknown;
}

const SQLITE: ReadonlySet<string> = new Set(['node:sqlite', '@photostructure/sqlite']);
const SETTING = /synchronous\s*=\s*\w+/i;
const level = process.env['IMCORE_SYNCHRONOUS'] ?? 'OFF';
let weakened = 0;

const loader = Module as unknown as Loader;
const load = loader._load;
loader._load = function loadWeakened(request, ...others) {
  const loaded = load.call(this, request, ...others);
  return SQLITE.has(request) ? weaken(loaded as SqliteModule) : loaded;
};

function weaken(sqlite: SqliteModule): SqliteModule {
  class Weakened extends sqlite.DatabaseSync {
    override exec(sql: string): void {
      if (SETTING.test(sql)) weakened += 1;
      super.exec(sql.replace(SETTING, `synchronous=${level}`));
    }
  }
  return { ...sqlite, DatabaseSync: Weakened };
}

process.on('exit', () => {
  if (weakened > 0) return;
  process.stderr.write('nothing was weakened: the store does not set synchronous as expected\n');
  process.exitCode = 1;
});
