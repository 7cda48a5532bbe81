export type { PostgresConnection } from './database.js';
export { type PostgresStore, type PostgresStoreOptions, postgresStore } from './postgres-store.js';
