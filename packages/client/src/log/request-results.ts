import { RequestError } from '../errors.js';
import type { Conversation, DeviceInfo, HistoryMessage, LogRequest, RequestResult } from '../log-request.js';

type Fields = Readonly<Record<string, unknown>>;

/** Reads one item of an answer; undefined if it is invalid. */
type ReadItem<Item> = (item: Fields) => Item | undefined;

/** Reads the items of an answer. A request whose answer has an invalid item fails. */
export function readResult(
  request: LogRequest,
  items: readonly unknown[],
  hasMore: boolean,
  userId: string,
): RequestResult | RequestError {
  switch (request.operation) {
    case 'history': {
      const messages = readAll(items, (item) => readMessage(item, request.conversation, userId));
      return messages === undefined ? invalidAnswer(request) : { messages, hasMore };
    }
    case 'conversations': {
      const conversations = readAll(items, (item) => readConversation(item, userId));
      return conversations === undefined ? invalidAnswer(request) : { conversations, hasMore };
    }
    case 'devices':
      return readAll(items, readDevice) ?? invalidAnswer(request);
    case 'removeDevice':
      return items.length > 0;
    default:
      return request satisfies never;
  }
}

function readAll<Item>(items: readonly unknown[], read: ReadItem<Item>): readonly Item[] | undefined {
  const found: Item[] = [];
  for (const item of items) {
    const value = isFields(item) ? read(item) : undefined;
    if (value === undefined) return undefined;
    found.push(value);
  }
  return found;
}

function readMessage(item: Fields, conversation: string, userId: string): HistoryMessage | undefined {
  const { i: id, t: serverTime, from, to, content, typeu: type, fp: fingerprint } = item;
  if (!isWhole(id) || !isWhole(serverTime) || !isWhole(type)) return undefined;
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  if (typeof content !== 'string' || typeof fingerprint !== 'string') return undefined;
  const isCut = item['cut'] === true;
  const isOwn = from === userId;
  return { id, conversation, from, to, content, isCut, type, fingerprint, serverTime, isOwn };
}

function readConversation(item: Fields, userId: string): Conversation | undefined {
  const { c: conversation, waiting, last } = item;
  if (typeof conversation !== 'string' || !isWhole(waiting) || !isFields(last)) return undefined;
  const message = readMessage(last, conversation, userId);
  return message && { conversation, last: message, waiting };
}

function readDevice({ id, kind, name, seen, on, own }: Fields): DeviceInfo | undefined {
  if (typeof id !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
  if (!isWhole(seen)) return undefined;
  return { id, kind, name, seenAt: seen, isOnline: on === true, isOwn: own === true };
}

function invalidAnswer({ operation }: LogRequest): RequestError {
  return new RequestError('ERR_INVALID_ANSWER', `the server’s answer to ${operation} has an invalid item`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
