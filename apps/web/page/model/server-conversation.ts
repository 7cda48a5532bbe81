import type { ConversationSnapshot, ViewItem, ViewMessage } from '@imcore/client/view';
import { type ChatMessage, incomingId } from './message.js';
import type { Gap, ServerThread } from './thread.js';

/** Returns a message of the client's view. `cutText` stands for a content that the server has left out. */
export function messageOfView(message: ViewMessage, cutText: string): ChatMessage {
  const { key, conversation: peer, from, content, fingerprint, isOwn, isCut, time: at, delivery } = message;
  const base = { peer, text: isCut ? cutText : content, at, order: at };
  if (!isOwn) return { kind: 'incoming', id: incomingId(from, fingerprint ?? key), ...base };
  const id = fingerprint ?? key;
  if (delivery === 'failed') return { kind: 'outgoing', id, ...base, delivery, failure: 'other' };
  return {
    kind: 'outgoing',
    id,
    ...base,
    delivery: delivery === 'sending' ? 'pending' : (delivery ?? 'stored'),
  };
}

/**
 * Returns what the page shows of an open conversation of the view; undefined while it has no page of the server's history.
 * `clearedAt`: the user has deleted everything up to this time.
 */
export function threadOfView(
  { items, older }: ConversationSnapshot,
  clearedAt: number,
  cutText: string,
): ServerThread | undefined {
  if (older === 'none') return undefined;
  const messages: ChatMessage[] = [];
  const gaps: Gap[] = [];
  let isCleared = false;
  for (const item of items) {
    if (isHidden(item, clearedAt)) {
      isCleared = true;
      continue;
    }
    if (item.kind === 'message') messages.push(messageOfView(item, cutText));
    else gaps.push({ id: item.key, after: messages.at(-1)?.id, isLoading: item.state === 'loading' });
  }
  const history = older === 'failed' ? 'more' : older;
  return { messages, gaps, history: isCleared ? 'complete' : history };
}

function isHidden(item: ViewItem, clearedAt: number): boolean {
  return item.kind === 'message' && item.hasServerTime && item.time <= clearedAt;
}
