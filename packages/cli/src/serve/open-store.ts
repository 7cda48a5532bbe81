import { type MessageStore, memoryStore, StoreError, systemClock } from '@imcore/server';
import type { CopyProgress, Retention } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';
import { inSteps } from '../copy-progress.js';
import type { ServeSettings } from './settings.js';
import { type DatabaseWait, openWithin } from './wait-for-database.js';

type OnProgress = (progress: CopyProgress) => void;

/** What the settings say about retention; the rest are the defaults of the stores. */
type StoreRetention = Pick<Retention, 'deviceExpiryMs' | 'historyMs'>;

/** What the stores of packages are opened with. */
interface PackageOptions extends StoreRetention {
  readonly onProgress: OnProgress;
}

/** Loads the packages of the stores. Tests simulate a missing package, or a store of an older version. */
interface StorePackages {
  readonly sqlite: () => Promise<{
    openSqliteStore(options: PackageOptions & { file: string }): Promise<MessageStore>;
  }>;
  readonly postgres: () => Promise<{
    postgresStore(options: PackageOptions & { url: string }): MessageStore & { open(): Promise<void> };
  }>;
}

/** How a store is opened. */
interface OpenStoreOptions {
  /** How to wait for a database. Default: one attempt. */
  readonly wait?: DatabaseWait;
  /** Called with a line of text, at most once for every tenth of the migration of a file or schema of an older version. */
  readonly notice?: (line: string) => void;
  /** Default: the stores' own. */
  readonly retention?: StoreRetention;
  readonly packages?: Partial<StorePackages>;
}

const PACKAGES: StorePackages = {
  sqlite: () => import('@imcore/store-sqlite'),
  postgres: () => import('@imcore/store-postgres'),
};
const NO_WAIT: DatabaseWait = { waitMs: 0, clock: systemClock, report: () => {} };
const POSTGRES = /^postgres(ql)?:\/\//;
const CHECK_DATABASE =
  'Check that the server is running, and the user, the password and the name of the database.';

/**
 * Opens the store of the setting `store`; undefined for `none`.
 *
 * @throws CommandError when the file or the database cannot be opened, or a package is not installed. It never contains
 *   the URL of a database, which may contain a password.
 */
export async function openStore(
  store: string,
  { wait = NO_WAIT, notice = () => {}, retention = {}, packages }: OpenStoreOptions = {},
): Promise<MessageStore | undefined> {
  if (store === 'none') return undefined;
  if (store === 'memory') return memoryStore(retention);
  const loaders = { ...PACKAGES, ...packages };
  const onProgress = inSteps((percent) =>
    notice(`Migrating ${shownStore(store)} to the format of this version: ${percent} %`),
  );
  const options = { ...retention, onProgress };
  return POSTGRES.test(store)
    ? openDatabase(store, loaders.postgres, wait, options)
    : openFile(store, loaders.sqlite, options);
}

/** The retention that the settings ask for. */
export function retentionOf({ deviceExpiryMs, historyMs }: ServeSettings): StoreRetention {
  return {
    deviceExpiryMs: deviceExpiryMs === 'never' ? Number.POSITIVE_INFINITY : deviceExpiryMs,
    historyMs,
  };
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
  load: StorePackages['sqlite'],
  options: PackageOptions,
): Promise<MessageStore> {
  const { openSqliteStore } = await load().catch((cause: unknown) => {
    throw missingPackage(file, '@imcore/store-sqlite', cause);
  });
  return withAdvice('Choose another file with --store.', () => openSqliteStore({ ...options, file }));
}

async function openDatabase(
  url: string,
  load: StorePackages['postgres'],
  wait: DatabaseWait,
  options: PackageOptions,
): Promise<MessageStore> {
  const { postgresStore } = await load().catch((cause: unknown) => {
    throw missingPackage(shownStore(url), '@imcore/store-postgres', cause);
  });
  return withAdvice(CHECK_DATABASE, async () => {
    const store = postgresStore({ ...options, url });
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
