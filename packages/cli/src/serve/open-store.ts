import { type MessageStore, memoryStore, StoreError } from '@imcore/server';
import { CommandError } from '../command-error.js';

/** Loads the package that keeps messages in a file; a parameter, so that its absence can be tried. */
type StorePackageLoader = () => Promise<{ sqliteStore(options: { file: string }): MessageStore }>;

const loadSqlitePackage: StorePackageLoader = () => import('@imcore/store-sqlite');
const POSTGRES = /^postgres(ql)?:\/\//;

/**
 * Opens what the setting `store` asks for: undefined for `none`.
 *
 * @throws CommandError when the file or the database cannot be opened, or a package is not installed. It never quotes
 *   the URL of a database, which may hold a password.
 */
export async function openStore(
  store: string,
  load: StorePackageLoader = loadSqlitePackage,
): Promise<MessageStore | undefined> {
  if (store === 'none') return undefined;
  if (store === 'memory') return memoryStore();
  return POSTGRES.test(store) ? openDatabase(store) : openFile(store, load);
}

/** The setting as it may be shown: a database without user, password and parameters. */
export function shownStore(store: string): string {
  if (!POSTGRES.test(store)) return store;
  if (!URL.canParse(store)) return 'PostgreSQL';
  const { host, pathname } = new URL(store);
  return `PostgreSQL at ${host}${pathname}`;
}

async function openFile(file: string, load: StorePackageLoader): Promise<MessageStore> {
  const { sqliteStore } = await load().catch((cause: unknown) => {
    throw missingPackage(file, '@imcore/store-sqlite', cause);
  });
  return explaining('Choose another file with --store.', () => sqliteStore({ file }));
}

async function openDatabase(url: string): Promise<MessageStore> {
  const { postgresStore } = await import('@imcore/store-postgres').catch((cause: unknown) => {
    throw missingPackage(shownStore(url), '@imcore/store-postgres', cause);
  });
  return explaining('Is the server there, and does it take this user and password?', async () => {
    const store = postgresStore({ url });
    await store.open().catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    return store;
  });
}

async function explaining<T>(advice: string, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new CommandError(`the store cannot be opened: ${error.message}`, advice, { cause: error });
  }
}

function missingPackage(store: string, name: string, cause: unknown): CommandError {
  return new CommandError(
    `the store ${store} needs the package ${name}, which cannot be loaded`,
    `Install it with "npm install ${name}", or use --store memory.`,
    { cause },
  );
}
