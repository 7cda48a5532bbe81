import { StoreError } from '@imcore/server';
import type { StoreTools } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';

export interface StoreFlags {
  readonly store?: string;
  readonly json?: boolean;
}

/** A command's output: results go to `out`, progress and notices to `notice`. */
export interface Output {
  out(line: string): void;
  notice(text: string): void;
}

export const terminal: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  notice: (text) => process.stderr.write(text),
};

/**
 * Opens a store, runs the work and closes the store.
 *
 * @throws CommandError when no store is given, or it fails
 */
export async function withStore<T>(
  { store }: StoreFlags,
  work: (tools: StoreTools) => Promise<T>,
): Promise<T> {
  if (store === undefined || store === 'memory' || store === 'none') {
    throw new CommandError('No store given', 'Set the path of the SQLite file with --store or IMCORE_STORE.');
  }
  try {
    const tools = await open(store);
    try {
      return await work(tools);
    } finally {
      await tools.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new CommandError(`${error.message} (${error.code})`, undefined, { cause: error });
  }
}

async function open(store: string): Promise<StoreTools> {
  if (/^postgres(ql)?:/.test(store)) {
    throw new CommandError(
      'imcore store supports SQLite files only',
      'For PostgreSQL use its own tools, such as psql and pg_dump.',
    );
  }
  const { openSqliteStoreTools } = await import('@imcore/store-sqlite');
  return openSqliteStoreTools({ file: store });
}
