import { UsageError } from '../errors.js';
import { type KeptMessage, toKeptMessage } from '../message.js';
import type { MessageStore, StoreId } from '../ports/message-store.js';
import { checkPageLimit, DEFAULT_PAGE, requireStore } from './dead-letters.js';

/** Which messages between two users `history` returns. */
export interface HistoryOptions {
  /** The two users. */
  readonly a: string;
  readonly b: string;
  /** Only messages older than this one. Default: starts with the newest. */
  readonly before?: StoreId | undefined;
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

/**
 * What two users wrote to each other, newest first.
 *
 * @throws UsageError `ERR_NO_STORE`, `ERR_NO_HISTORY`, `ERR_INVALID_ARGUMENT`
 */
export async function readHistory(
  given: MessageStore | undefined,
  { a, b, before, limit = DEFAULT_PAGE }: HistoryOptions,
): Promise<readonly KeptMessage[]> {
  checkPageLimit(limit);
  const store = requireStore(given, 'history');
  if (!store.keepsHistory)
    throw new UsageError(
      'ERR_NO_HISTORY',
      'history() was called, but the store keeps no history: set its option historyMs',
    );
  return (await store.history({ a, b, before, limit })).map(toKeptMessage);
}
