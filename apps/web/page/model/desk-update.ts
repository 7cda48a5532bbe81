import { DUPLICATE_LOGIN } from './connection.js';
import { type Conversation, newConversation, withMessage } from './conversation.js';
import type { Desk } from './desk.js';
import { type AppEffect, type Step, step } from './effects.js';
import type { DeskEvent } from './events.js';
import type { ChatMessage, IncomingMessage, Outcome, OutgoingMessage } from './message.js';
import { openThread, settle, type Thread, withNewest, withOlder, withOutcome } from './thread.js';

/** What an event makes of a logged-in user's desk. */
export function updateDesk(desk: Desk, event: DeskEvent): Step<Desk> {
  switch (event.kind) {
    case 'opened':
      return open(desk, event.peer, event.order);
    case 'left':
      return step({ ...desk, thread: undefined }, { kind: 'show-peer', peer: undefined });
    case 'searched':
      return step({ ...desk, search: event.text });
    case 'list-chosen':
      return step({ ...desk, list: event.list, search: '' });
    case 'drafted':
      return changeConversation(desk, event.peer, (one) => ({ ...one, draft: event.text }));
    case 'said':
      return say(desk, event);
    case 'retried':
      return retry(desk, event.id);
    case 'scrolled':
      return scroll(desk, event.isAtEnd);
    case 'older-wanted':
      return loadOlder(desk);
    case 'contact-toggled':
      return changeConversation(desk, event.peer, (one) => ({ ...one, isContact: !one.isContact }));
    case 'conversation-deleted':
      return deleteConversation(desk, event.peer);
    case 'watched':
      return markRead({ ...desk, isWatched: event.isWatched });
    case 'retry-wanted':
      return step(desk, { kind: 'retry-now' });
    case 'taken-over':
      return step(
        { ...desk, connection: { state: 'connecting', isFirst: false } },
        { kind: 'log-in', account: desk.account, patience: 'endless' },
      );
    case 'history-opened':
      return openHistory(desk, event.conversations);
    case 'history-failed':
      return step({ ...desk, history: 'failing' });
    case 'page-loaded':
      if (desk.thread?.peer !== event.peer) return step(desk);
      return step({ ...desk, thread: withOlder(desk.thread, event.messages, event.isLast) });
    case 'received':
      return receive(desk, event.message);
    case 'settled':
      return settleMessage(desk, event.id, event.peer, event.outcome);
    case 'online':
    case 'connecting':
    case 'waiting':
    case 'measured':
    case 'kicked':
      return step(updateConnection(desk, event));
    default:
      return event satisfies never;
  }
}

type ConnectionEvent = Extract<
  DeskEvent,
  { kind: 'online' | 'connecting' | 'waiting' | 'measured' | 'kicked' }
>;

function updateConnection(desk: Desk, event: ConnectionEvent): Desk {
  const { connection } = desk;
  const isFirst = 'isFirst' in connection && connection.isFirst;
  switch (event.kind) {
    case 'online':
      return { ...desk, connection: { state: 'online', since: event.at, roundTripMs: undefined } };
    case 'connecting':
      return { ...desk, connection: { state: 'connecting', isFirst } };
    case 'waiting': {
      const { retryAt, problem } = event;
      return { ...desk, connection: { state: 'waiting', retryAt, problem, isFirst } };
    }
    case 'measured':
      if (connection.state !== 'online') return desk;
      return { ...desk, connection: { ...connection, roundTripMs: event.roundTripMs } };
    case 'kicked': {
      const { code, reason, at, isOwnBrowser } = event;
      const isIt = isOwnBrowser && code === DUPLICATE_LOGIN;
      return { ...desk, connection: { state: 'kicked', code, reason, at, isOwnBrowser: isIt } };
    }
    default:
      return event satisfies never;
  }
}

function open(desk: Desk, peer: string, order: number): Step<Desk> {
  if (desk.history === 'opening') return step(desk);
  if (desk.thread?.peer === peer) return step({ ...desk, search: '' });
  const known = desk.conversations.get(peer);
  const conversation = known ?? newConversation(peer, order);
  const opened: Desk = {
    ...desk,
    search: '',
    conversations: new Map(desk.conversations).set(peer, conversation),
    thread: openThread(peer, conversation.unread),
  };
  const { state, effects } = markRead(opened);
  const keep: AppEffect[] = known === undefined ? [{ kind: 'keep-conversation', conversation }] : [];
  return step(
    state,
    ...keep,
    ...effects,
    { kind: 'load-page', peer, before: undefined },
    { kind: 'show-peer', peer },
  );
}

/** Nothing of the open conversation is unread when the user sees its end. */
function markRead(desk: Desk): Step<Desk> {
  const { thread } = desk;
  if (thread === undefined || !isSeen(desk, thread.peer)) return step(desk);
  return changeConversation(desk, thread.peer, (one) => (one.unread === 0 ? one : { ...one, unread: 0 }));
}

function isSeen({ thread, isWatched }: Desk, peer: string): boolean {
  return isWatched && thread?.peer === peer && thread.isAtEnd;
}

function say(desk: Desk, { text, id, at, order }: Extract<DeskEvent, { kind: 'said' }>): Step<Desk> {
  const { thread } = desk;
  if (thread === undefined || text.trim() === '') return step(desk);
  const message: OutgoingMessage = {
    kind: 'outgoing',
    id,
    peer: thread.peer,
    text,
    at,
    order,
    delivery: 'pending',
  };
  const { state, effects } = addMessage({ ...desk, thread: { ...thread, isAtEnd: true } }, message, false);
  const cleared = changeConversation(state, thread.peer, (one) => ({ ...one, draft: '' }));
  return step(cleared.state, { kind: 'post', message }, ...effects, ...cleared.effects);
}

function receive(desk: Desk, message: IncomingMessage): Step<Desk> {
  const { id, peer, text } = message;
  const { state, effects } = addMessage(desk, message, !isSeen(desk, peer));
  return step({ ...state, announced: { id, peer, text } }, ...effects);
}

function addMessage(desk: Desk, message: ChatMessage, isUnread: boolean): Step<Desk> {
  const { peer, order } = message;
  const known = desk.conversations.get(peer) ?? newConversation(peer, order);
  const conversation = withMessage(known, message, isUnread);
  const thread = desk.thread?.peer === peer ? withNewest(desk.thread, message) : desk.thread;
  const conversations = new Map(desk.conversations).set(peer, conversation);
  return step({ ...desk, conversations, thread }, { kind: 'keep-conversation', conversation });
}

function retry(desk: Desk, id: string): Step<Desk> {
  const message = desk.thread?.messages.find((one) => one.id === id);
  if (message?.kind !== 'outgoing' || message.delivery !== 'failed') return step(desk);
  const again = settle(message, { delivery: 'pending' });
  const { state, effects } = withDelivery(desk, again);
  return step(state, { kind: 'post', message: again }, ...effects);
}

function settleMessage(desk: Desk, id: string, peer: string, outcome: Outcome): Step<Desk> {
  const failure = outcome.delivery === 'failed' ? outcome.failure : undefined;
  const { state, effects } = withDelivery(desk, { id, peer, delivery: outcome.delivery, failure });
  return step(state, { kind: 'keep-message', id, delivery: outcome.delivery, failure }, ...effects);
}

/** Puts the delivery of a message wherever that message is shown. */
function withDelivery(
  desk: Desk,
  { id, peer, delivery, failure }: Pick<OutgoingMessage, 'id' | 'peer' | 'delivery' | 'failure'>,
): Step<Desk> {
  const outcome =
    delivery === 'failed' ? ({ delivery, failure: failure ?? 'other' } as const) : ({ delivery } as const);
  const thread: Thread | undefined = desk.thread && withOutcome(desk.thread, id, outcome);
  return changeConversation({ ...desk, thread }, peer, (one) =>
    one.last?.id === id && one.last.kind === 'outgoing' ? { ...one, last: settle(one.last, outcome) } : one,
  );
}

function scroll(desk: Desk, isAtEnd: boolean): Step<Desk> {
  const { thread } = desk;
  if (thread === undefined || thread.isAtEnd === isAtEnd) return step(desk);
  return markRead({ ...desk, thread: { ...thread, isAtEnd } });
}

function loadOlder(desk: Desk): Step<Desk> {
  const { thread } = desk;
  if (thread?.history !== 'more') return step(desk);
  const before = thread.messages[0]?.order;
  return step(
    { ...desk, thread: { ...thread, history: 'loading' } },
    { kind: 'load-page', peer: thread.peer, before },
  );
}

function openHistory(desk: Desk, found: readonly Conversation[]): Step<Desk> {
  // What came in while it was read is newer than what was read.
  const conversations = new Map(found.map((one) => [one.peer, one]));
  for (const [peer, one] of desk.conversations) conversations.set(peer, one);
  return step({ ...desk, conversations, history: desk.history === 'opening' ? 'open' : desk.history });
}

function deleteConversation(desk: Desk, peer: string): Step<Desk> {
  const conversations = new Map(desk.conversations);
  conversations.delete(peer);
  const isOpen = desk.thread?.peer === peer;
  const left: AppEffect[] = isOpen ? [{ kind: 'show-peer', peer: undefined }] : [];
  return step(
    { ...desk, conversations, thread: isOpen ? undefined : desk.thread },
    { kind: 'delete-conversation', peer },
    ...left,
  );
}

function changeConversation(
  desk: Desk,
  peer: string,
  change: (conversation: Conversation) => Conversation,
): Step<Desk> {
  const before = desk.conversations.get(peer);
  const conversation = before && change(before);
  if (conversation === undefined || conversation === before) return step(desk);
  const conversations = new Map(desk.conversations).set(peer, conversation);
  return step({ ...desk, conversations }, { kind: 'keep-conversation', conversation });
}
