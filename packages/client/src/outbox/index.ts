export { OutboxError, type OutboxErrorCode } from '../errors.js';
export type { Outbox, OutboxHandler, OutboxSource } from '../outbox.js';
export { outboxOn } from './outbox-keeper.js';
export type { OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';
