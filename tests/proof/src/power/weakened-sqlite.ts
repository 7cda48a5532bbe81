import Module from 'node:module';

/**
 * Breaks a promise on purpose, so that the proof can be seen to notice: loaded with `--import` before the store, it
 * makes SQLite work with another `synchronous` than the store asks for (`IMCORE_SYNCHRONOUS`: `NORMAL` or `OFF`).
 */
interface SqliteModule {
  readonly DatabaseSync: new (...values: readonly unknown[]) => { exec(sql: string): void };
}

interface Loader {
  _load(this: unknown, request: string, ...others: readonly unknown[]): unknown;
}

const SQLITE: ReadonlySet<string> = new Set(['node:sqlite', '@photostructure/sqlite']);
const ASKED = /synchronous\s*=\s*\w+/i;
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
      if (ASKED.test(sql)) weakened += 1;
      super.exec(sql.replace(ASKED, `synchronous=${level}`));
    }
  }
  return { ...sqlite, DatabaseSync: Weakened };
}

process.on('exit', () => {
  if (weakened > 0) return;
  process.stderr.write('nothing was weakened: the store asks for synchronous in another way\n');
  process.exitCode = 1;
});
