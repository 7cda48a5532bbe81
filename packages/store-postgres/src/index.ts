export type { PostgresConnection } from './database.js';
export type { PostgresStore, PostgresStoreOptions } from './options.js';
export { postgresStore } from './postgres-store.js';
