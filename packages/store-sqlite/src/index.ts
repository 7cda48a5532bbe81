export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.js';
export { type SqliteToolsOptions, sqliteStoreTools } from './sqlite-tools.js';
