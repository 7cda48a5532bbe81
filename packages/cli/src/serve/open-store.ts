import { type MessageStore, memoryStore, StoreError, systemClock } from '@imcore/server';
import type { CopyProgress } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';
import { inSteps } from '../copy-progress.js';
import { type DatabaseWait, openWithin } from './wait-for-database.js';

/** Loads the SQLite store's package. A parameter, so that tests can simulate a missing package. */
type StorePackageLoader = () => Promise<{
  openSqliteStore(options: {
    file: string;
    onProgress: (progress: CopyProgress) => void;
  }): Promise<MessageStore>;
}>;

const loadSqlitePackage: StorePackageLoader = () => import('@imcore/store-sqlite');
const NO_WAIT: DatabaseWait = { waitMs: 0, clock: systemClock, report: () => {} };
const POSTGRES = /^postgres(ql)?:\/\//;
const CHECK_DATABASE =
  'Check that the server is running, and the user, the password and the name of the database.';

/**
 * Opens the store of the setting `store`; undefined for `none`. Waits for a database as `wait` says; by default not at all.
 * `notice` is called with a line of text, every tenth of the way, while a file of an older version is converted.
 *
 * @throws CommandError when the file or the database cannot be opened, or a package is not installed. It never contains
 *   the URL of a database, which may contain a password.
 */
export async function openStore(
  store: string,
  load: StorePackageLoader = loadSqlitePackage,
  wait: DatabaseWait = NO_WAIT,
  notice: (line: string) => void = () => {},
): Promise<MessageStore | undefined> {
  if (store === 'none') return undefined;
  if (store === 'memory') return memoryStore();
  return POSTGRES.test(store) ? openDatabase(store, wait) : openFile(store, load, notice);
}

/** The setting without secrets: for a database, only its host and name. */
export function shownStore(store: string): string {
  if (!POSTGRES.test(store)) return store;
  if (!URL.canParse(store)) return 'PostgreSQL';
  const { host, pathname } = new URL(store);
  return `PostgreSQL at ${host}${pathname}`;
}

async function openFile(
  file: string,
  load: StorePackageLoader,
  notice: (line: string) => void,
): Promise<MessageStore> {
  const { openSqliteStore } = await load().catch((cause: unknown) => {
    throw missingPackage(file, '@imcore/store-sqlite', cause);
  });
  const onProgress = inSteps((percent) => notice(`${file} is converted for this version: ${percent} %`));
  return withAdvice('Choose another file with --store.', () => openSqliteStore({ file, onProgress }));
}

async function openDatabase(url: string, wait: DatabaseWait): Promise<MessageStore> {
  const { postgresStore } = await import('@imcore/store-postgres').catch((cause: unknown) => {
    throw missingPackage(shownStore(url), '@imcore/store-postgres', cause);
  });
  return withAdvice(CHECK_DATABASE, async () => {
    const store = postgresStore({ url });
    await openWithin(() => store.open(), wait).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    return store;
  });
}

async function withAdvice<T>(advice: string, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new CommandError(`Cannot open the store: ${error.message}`, advice, { cause: error });
  }
}

function missingPackage(store: string, name: string, cause: unknown): CommandError {
  return new CommandError(
    `The store ${store} requires the package ${name}, which cannot be loaded`,
    `Install it with "npm install ${name}", or use --store memory.`,
    { cause },
  );
}
