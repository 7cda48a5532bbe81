import type { ChatMessage, Outcome, OutgoingMessage } from './message.js';

/** Messages that one page of the history has. */
export const PAGE_SIZE = 40;
/** From so many on the oldest of an open thread are let go; scrolling up brings them back. */
const MAX_SHOWN = 600;
const SHOWN_AFTER_TRIM = 300;

/** The open conversation: the part of its messages that is in memory, oldest first. */
export interface Thread {
  readonly peer: string;
  readonly messages: readonly ChatMessage[];
  readonly history: 'loading' | 'more' | 'complete';
  /** Whether the newest message is in sight. */
  readonly isAtEnd: boolean;
  /** Unread when it was opened: a line goes before that many of the newest incoming messages. */
  readonly unreadAtOpening: number;
  /** The message that the line stands before, once known. */
  readonly firstUnreadId: string | undefined;
  /** What has become of messages that are not here while a page of the history is read: it may not know of it. */
  readonly outcomes: ReadonlyMap<string, AnyOutcome>;
}

type AnyOutcome = Outcome | { readonly delivery: 'pending' };

export function openThread(peer: string, unread: number): Thread {
  return {
    peer,
    messages: [],
    history: 'loading',
    isAtEnd: true,
    unreadAtOpening: unread,
    firstUnreadId: undefined,
    outcomes: new Map(),
  };
}

/** Adds an older page. What came in while it was read is not added twice. */
export function withOlder(thread: Thread, page: readonly ChatMessage[], isLast: boolean): Thread {
  const known = new Set(thread.messages.map(({ id }) => id));
  const added = page
    .filter(({ id }) => !known.has(id))
    .map((message) => {
      const outcome = thread.outcomes.get(message.id);
      return outcome === undefined || message.kind !== 'outgoing' ? message : settle(message, outcome);
    });
  const messages = [...added, ...thread.messages];
  messages.sort((a, b) => a.order - b.order);
  const firstUnreadId = thread.firstUnreadId ?? nthNewestIncoming(messages, thread.unreadAtOpening);
  const history = isLast ? 'complete' : 'more';
  return { ...thread, messages, history, firstUnreadId, outcomes: new Map() };
}

/** Adds the newest message. The oldest go when there are too many and nobody looks at them. */
export function withNewest(thread: Thread, message: ChatMessage): Thread {
  if (thread.messages.some(({ id }) => id === message.id)) return thread;
  const messages = [...thread.messages, message];
  if (messages.length <= MAX_SHOWN || !thread.isAtEnd || thread.history === 'loading') {
    return { ...thread, messages };
  }
  return { ...thread, messages: messages.slice(-SHOWN_AFTER_TRIM), history: 'more' };
}

/** Puts what has become of a message in its place. The same thread where it is not there and cannot be soon. */
export function withOutcome(thread: Thread, id: string, outcome: AnyOutcome): Thread {
  const index = thread.messages.findIndex((message) => message.id === id);
  const found = thread.messages[index];
  if (found?.kind === 'outgoing') {
    return { ...thread, messages: thread.messages.with(index, settle(found, outcome)) };
  }
  if (thread.history !== 'loading') return thread;
  return { ...thread, outcomes: new Map(thread.outcomes).set(id, outcome) };
}

/** The message with what has become of it. */
export function settle(message: OutgoingMessage, outcome: AnyOutcome): OutgoingMessage {
  const failure = outcome.delivery === 'failed' ? outcome.failure : undefined;
  return { ...message, delivery: outcome.delivery, failure };
}

function nthNewestIncoming(messages: readonly ChatMessage[], count: number): string | undefined {
  if (count === 0) return undefined;
  return messages.filter(({ kind }) => kind === 'incoming').at(-count)?.id;
}
