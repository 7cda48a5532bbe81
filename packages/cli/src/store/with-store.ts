import { StoreError } from '@imcore/server';
import type { StoreTools } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';

export interface StoreFlags {
  readonly store?: string;
  readonly json?: boolean;
}

/** Where a command writes: results to `out`, progress and notices to `notice`. */
export interface Output {
  out(line: string): void;
  notice(text: string): void;
}

export const terminal: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  notice: (text) => process.stderr.write(text),
};

/**
 * Opens a store, works with it and closes it.
 *
 * @throws CommandError when there is none, or it fails
 */
export async function withStore<T>(
  { store }: StoreFlags,
  work: (tools: StoreTools) => Promise<T>,
): Promise<T> {
  if (store === undefined || store === 'memory' || store === 'none') {
    throw new CommandError('which store?', 'Name its file with --store, or in IMCORE_STORE.');
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
      'this command looks after files only',
      'Ask a PostgreSQL database itself: it has its own tools.',
    );
  }
  const { sqliteStoreTools } = await import('@imcore/store-sqlite');
  return sqliteStoreTools({ file: store });
}
