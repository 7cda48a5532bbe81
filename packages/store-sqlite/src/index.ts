export { type Repair, repairSqliteStore } from './repair.js';
export type { SqliteStoreOptions } from './sqlite-options.js';
export { openSqliteStore, sqliteStore } from './sqlite-store.js';
export { openSqliteStoreTools, type SqliteToolsOptions, sqliteStoreTools } from './sqlite-tools.js';
