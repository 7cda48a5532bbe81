import { UsageError } from '../errors.js';
import type { MessageStore } from '../ports/message-store.js';

/** Maximum and default number of messages that one call returns. */
const MAX_PAGE = 1000;
export const DEFAULT_PAGE = 100;

/** @throws UsageError `ERR_INVALID_ARGUMENT` */
export function checkPageLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new UsageError(
    'ERR_INVALID_ARGUMENT',
    `limit must be a whole number from 1 to ${MAX_PAGE}, got ${String(limit)}`,
  );
}

/** @throws UsageError `ERR_NO_STORE` */
export function requireStore(store: MessageStore | undefined, method: string): MessageStore {
  if (store !== undefined) return store;
  throw new UsageError('ERR_NO_STORE', `${method} was used on a server without a store`);
}
