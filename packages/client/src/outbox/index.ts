export { OutboxError, type OutboxErrorCode } from '../errors.js';
export type { Outbox, OutboxHandler, OutboxSource } from '../outbox.js';
export { type AlipayStorage, alipayStorage } from './alipay-storage.js';
export { recordIn } from './device-record.js';
export { outboxOn } from './durable-outbox.js';
export { indexedDbOutbox } from './indexed-db.js';
export type { DeviceRecord, OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';
export { type SyncStorage, storageOutbox } from './storage-outbox.js';
