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
  /** Where they come from: stored in this browser, or the server's history with what has arrived since. */
  readonly source: 'saved' | 'server';
  /** Places where messages are missing. */
  readonly gaps: readonly Gap[];
  /** Whether there are older ones. `full`: there are, but no more can be shown. */
  readonly history: 'loading' | 'more' | 'complete' | 'full';
  /** Whether the newest message is visible. */
  readonly isAtEnd: boolean;
  /** Number of unread messages when it was opened, for the unread line. */
  readonly unreadAtOpening: number;
  /** The first unread message, after the unread line, once known. */
  readonly firstUnreadId: string | undefined;
  /** Outcomes of messages that arrive while a page of the history is loading; the page may not contain them yet. */
  readonly outcomes: ReadonlyMap<string, AnyOutcome>;
}

/** A place where messages are missing. */
export interface Gap {
  readonly id: string;
  /** The id of the message before it; undefined at the beginning. */
  readonly after: string | undefined;
  readonly isLoading: boolean;
}

/** What the server's history has of a conversation, and what has arrived since. */
export interface ServerThread {
  readonly messages: readonly ChatMessage[];
  readonly gaps: readonly Gap[];
  readonly history: Thread['history'];
}

/** The outcome of a message, or that it is being sent again. */
export type AnyOutcome = Outcome | { readonly delivery: 'pending' };

export function openThread(peer: string, unread: number): Thread {
  return {
    peer,
    messages: [],
    source: 'saved',
    gaps: [],
    history: 'loading',
    isAtEnd: true,
    unreadAtOpening: unread,
    firstUnreadId: undefined,
    outcomes: new Map(),
  };
}

/** Shows what the server's history has, and messages that are not there yet because they are still being sent. */
export function withServer(thread: Thread, { messages: found, gaps, history }: ServerThread): Thread {
  const known = new Set(found.map(({ id }) => id));
  const unsent = thread.messages.filter(
    (message) => message.kind === 'outgoing' && message.delivery === 'pending' && !known.has(message.id),
  );
  const messages = [...found, ...unsent];
  const firstUnreadId = thread.firstUnreadId ?? nthNewestIncoming(messages, thread.unreadAtOpening);
  return { ...thread, source: 'server', messages, gaps, history, firstUnreadId, outcomes: new Map() };
}

/** Adds an older page. Messages that arrived while it was loading are not added twice. */
export function withOlder(thread: Thread, page: readonly ChatMessage[], isLast: boolean): Thread {
  if (thread.source === 'server') return thread;
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
  // All others come with the server's history, in their place.
  const isUnsent = message.kind === 'outgoing' && message.delivery === 'pending';
  if (thread.source === 'server' && !isUnsent) return thread;
  const messages = [...thread.messages, message];
  const isKept = thread.source === 'server' || !thread.isAtEnd || thread.history === 'loading';
  if (messages.length <= MAX_SHOWN || isKept) {
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
  const at = (outcome.delivery === 'stored' ? outcome.at : undefined) ?? message.at;
  return { ...message, at, delivery: outcome.delivery, failure };
}

function nthNewestIncoming(messages: readonly ChatMessage[], count: number): string | undefined {
  if (count === 0) return undefined;
  return messages.filter(({ kind }) => kind === 'incoming').at(-count)?.id;
}
