import type { ChatMessage, Outcome, OutgoingMessage } from './message.js';

/** Number of messages per page of the history. */
export const PAGE_SIZE = 40;
/** Above this number, the oldest messages of an open thread are removed; scrolling up loads them again. */
const MAX_SHOWN = 600;
const SHOWN_AFTER_TRIM = 300;

/** The loaded messages of the open conversation, oldest first. */
export interface Thread {
  readonly peer: string;
  readonly messages: readonly ChatMessage[];
  readonly history: 'loading' | 'more' | 'complete';
  /** Whether the newest message is visible. */
  readonly isAtEnd: boolean;
  /** Number of unread messages when it was opened, for the unread line. */
  readonly unreadAtOpening: number;
  /** The first unread message, after the unread line, once known. */
  readonly firstUnreadId: string | undefined;
  /** Outcomes of messages that arrive while a page of the history is loading; the page may not contain them yet. */
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

/** Adds an older page. Messages that arrived while it was loading are not added twice. */
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

/** Adds the newest message. Removes the oldest ones if there are too many and they are not visible. */
export function withNewest(thread: Thread, message: ChatMessage): Thread {
  if (thread.messages.some(({ id }) => id === message.id)) return thread;
  const messages = [...thread.messages, message];
  if (messages.length <= MAX_SHOWN || !thread.isAtEnd || thread.history === 'loading') {
    return { ...thread, messages };
  }
  return { ...thread, messages: messages.slice(-SHOWN_AFTER_TRIM), history: 'more' };
}

/** Sets the outcome of a message. Returns the same thread if the message is not loaded and no page is loading. */
export function withOutcome(thread: Thread, id: string, outcome: AnyOutcome): Thread {
  const index = thread.messages.findIndex((message) => message.id === id);
  const found = thread.messages[index];
  if (found?.kind === 'outgoing') {
    return { ...thread, messages: thread.messages.with(index, settle(found, outcome)) };
  }
  if (thread.history !== 'loading') return thread;
  return { ...thread, outcomes: new Map(thread.outcomes).set(id, outcome) };
}

/** Returns the message with its outcome. */
export function settle(message: OutgoingMessage, outcome: AnyOutcome): OutgoingMessage {
  const failure = outcome.delivery === 'failed' ? outcome.failure : undefined;
  return { ...message, delivery: outcome.delivery, failure };
}

function nthNewestIncoming(messages: readonly ChatMessage[], count: number): string | undefined {
  if (count === 0) return undefined;
  return messages.filter(({ kind }) => kind === 'incoming').at(-count)?.id;
}
