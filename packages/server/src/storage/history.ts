import { UsageError } from '../errors.js';
import { type KeptMessage, toKeptMessage } from '../message.js';
import type { MessageId, MessageStore } from '../ports/message-store.js';
import { checkPageLimit, DEFAULT_PAGE, requireStore } from './dead-letters.js';

/** Which messages between two users `history` returns. */
export interface HistoryOptions {
  /** The two users. */
  readonly a: string;
  readonly b: string;
  /** Only messages older than this one. Default: starts with the newest. */
  readonly before?: MessageId | undefined;
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
  const store = requireHistory(given, 'history', limit);
  return (await store.history({ a, b, before, limit })).map(toKeptMessage);
}

/** Which conversations of a user `conversations` returns. */
export interface ConversationOptions {
  readonly userId: string;
  /** Only conversations whose newest message is older than this one. Default: starts with the newest. */
  readonly before?: MessageId | undefined;
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

/** A conversation of a user with another one. */
export interface ConversationSummary {
  /** The other user. */
  readonly with: string;
  /** Its newest message. */
  readonly last: KeptMessage;
  /** How many messages of the other user wait. Counted up to 100. */
  readonly waiting: number;
}

/**
 * The conversations of a user, the one with the newest message first.
 *
 * @throws UsageError `ERR_NO_STORE`, `ERR_NO_HISTORY`, `ERR_INVALID_ARGUMENT`
 */
export async function listConversations(
  given: MessageStore | undefined,
  { userId, before, limit = DEFAULT_PAGE }: ConversationOptions,
): Promise<readonly ConversationSummary[]> {
  const found = await requireHistory(given, 'conversations', limit).conversations({ userId, before, limit });
  return found.map(({ with: other, last, waiting }) => ({ with: other, last: toKeptMessage(last), waiting }));
}

function requireHistory(given: MessageStore | undefined, method: string, limit: number): MessageStore {
  checkPageLimit(limit);
  const store = requireStore(given, method);
  if (store.keepsHistory) return store;
  throw new UsageError(
    'ERR_NO_HISTORY',
    `${method}() was called, but the store keeps no history: set its option historyMs`,
  );
}
