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
export async function withStore<T>(flags: StoreFlags, work: (tools: StoreTools) => Promise<T>): Promise<T> {
  const file = fileOf(flags);
  return storeErrors(async () => {
    const { openSqliteStoreTools } = await import('@imcore/store-sqlite');
    const tools = await openSqliteStoreTools({ file });
    try {
      return await work(tools);
    } finally {
      await tools.close();
    }
  });
}

/** The SQLite file of the flags. @throws CommandError when it is none */
export function fileOf({ store }: StoreFlags): string {
  if (store === undefined || store === 'memory' || store === 'none') {
    throw new CommandError('No store given', 'Set the path of the SQLite file with --store or IMCORE_STORE.');
  }
  if (/^postgres(ql)?:/.test(store)) {
    throw new CommandError(
      'imcore store supports SQLite files only',
      'For PostgreSQL use its own tools, such as psql and pg_dump.',
    );
  }
  return store;
}

/** @throws CommandError for a StoreError of the work */
export async function storeErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new CommandError(`${error.message} (${error.code})`, undefined, { cause: error });
  }
}
