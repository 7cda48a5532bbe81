export { OutboxError, type OutboxErrorCode } from '../errors.js';
export { type AlipayStorage, alipayStorage } from './alipay-storage.js';
export { outboxOn } from './durable-outbox.js';
export { type SyncStorage, storageOutbox } from './storage-outbox.js';
