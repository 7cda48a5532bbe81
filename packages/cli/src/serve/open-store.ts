import { type MessageStore, memoryStore, StoreError } from '@imcore/server';
import { CommandError } from '../command-error.js';

/** Loads the package that keeps messages in a file; a parameter, so that its absence can be tried. */
export type StorePackageLoader = () => Promise<{ sqliteStore(options: { file: string }): MessageStore }>;

const loadSqlitePackage: StorePackageLoader = () => import('@imcore/store-sqlite');

/**
 * Opens what the setting `store` asks for: undefined for `none`.
 *
 * @throws CommandError when the file cannot be opened, or the package for files is not installed.
 */
export async function openStore(
  store: string,
  load: StorePackageLoader = loadSqlitePackage,
): Promise<MessageStore | undefined> {
  if (store === 'none') return undefined;
  if (store === 'memory') return memoryStore();
  const { sqliteStore } = await load().catch((cause: unknown) => {
    throw new CommandError(
      `the store ${store} needs the package @imcore/store-sqlite, which cannot be loaded`,
      'Install it with "npm install @imcore/store-sqlite", or use --store memory.',
      { cause },
    );
  });
  try {
    return sqliteStore({ file: store });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new CommandError(
      `the store cannot be opened: ${error.message}`,
      'Choose another file with --store.',
      {
        cause: error,
      },
    );
  }
}
