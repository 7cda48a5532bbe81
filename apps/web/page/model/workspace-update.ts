import { DUPLICATE_LOGIN } from './connection.js';
import { type Conversation, isDeleted, newConversation, withMessage } from './conversation.js';
import { type AppEffect, type Step, step } from './effects.js';
import type { WorkspaceEvent } from './events.js';
import type { ChatMessage, IncomingMessage, Outcome, OutgoingMessage } from './message.js';
import { messageSize } from './message-size.js';
import {
  type AnyOutcome,
  openThread,
  settle,
  type Thread,
  withNewest,
  withOlder,
  withOutcome,
  withServer,
} from './thread.js';
import type { Workspace } from './workspace.js';

/** Applies an event to the workspace. */
export function updateWorkspace(workspace: Workspace, event: WorkspaceEvent): Step<Workspace> {
  switch (event.kind) {
    case 'opened':
      return open(workspace, event.peer, event.order);
    case 'left':
      return step({ ...workspace, thread: undefined }, { kind: 'show-peer', peer: undefined });
    case 'searched':
      return step({ ...workspace, search: event.text });
    case 'list-chosen':
      return step({ ...workspace, list: event.list, search: '' });
    case 'drafted':
      return changeConversation(workspace, event.peer, (one) => ({ ...one, draft: event.text }));
    case 'composed':
      return compose(workspace, event);
    case 'retried':
      return retry(workspace, event.id);
    case 'scrolled':
      return scroll(workspace, event.isAtEnd);
    case 'older-wanted':
      return loadOlder(workspace);
    case 'contact-toggled':
      return changeConversation(workspace, event.peer, (one) => ({ ...one, isContact: !one.isContact }));
    case 'conversation-deleted':
      return deleteConversation(workspace, event.peer);
    case 'focus-changed':
      return markRead({ ...workspace, isFocused: event.isFocused });
    case 'retry-wanted':
      return step(workspace, { kind: 'retry-now' });
    case 'devices-wanted':
      if (!workspace.isDevice) return step({ ...workspace, devices: undefined });
      return step(
        { ...workspace, devices: workspace.devices ?? { state: 'loading' } },
        { kind: 'load-devices' },
      );
    case 'device-removed':
      return step(workspace, { kind: 'remove-device', id: event.id });
    case 'devices-found': {
      const { devices } = event;
      const list =
        devices === undefined ? ({ state: 'failed' } as const) : { state: 'shown' as const, devices };
      return step({ ...workspace, devices: list });
    }
    case 'thread-shown':
      if (workspace.thread?.peer !== event.peer) return step(workspace);
      return step({ ...workspace, thread: withServer(workspace.thread, event.thread) });
    case 'conversations-found':
      return findConversations(workspace, event.newest);
    case 'taken-over':
      return step(
        { ...workspace, connection: { state: 'connecting', isFirst: false } },
        { kind: 'log-in', account: workspace.account, timeout: 'long' },
      );
    case 'history-opened':
      return openHistory(workspace, event.conversations);
    case 'history-failed':
      return step({ ...workspace, history: 'failing' });
    case 'page-loaded':
      if (workspace.thread?.peer !== event.peer) return step(workspace);
      return step({ ...workspace, thread: withOlder(workspace.thread, event.messages, event.isLast) });
    case 'received':
      return receive(workspace, event.message, event.isNew);
    case 'echoed':
      return echo(workspace, event.message);
    case 'settled':
      return settleMessage(workspace, event.id, event.peer, event.outcome);
    case 'online':
    case 'connecting':
    case 'waiting':
    case 'measured':
    case 'kicked':
      return step(updateConnection(workspace, event));
    default:
      return event satisfies never;
  }
}

type ConnectionEvent = Extract<
  WorkspaceEvent,
  { kind: 'online' | 'connecting' | 'waiting' | 'measured' | 'kicked' }
>;

function updateConnection(workspace: Workspace, event: ConnectionEvent): Workspace {
  const { connection } = workspace;
  const isFirst = 'isFirst' in connection && connection.isFirst;
  switch (event.kind) {
    case 'online':
      return {
        ...workspace,
        isDevice: event.isDevice,
        connection: { state: 'online', since: event.at, roundTripMs: undefined },
      };
    case 'connecting':
      return { ...workspace, connection: { state: 'connecting', isFirst } };
    case 'waiting': {
      const { retryAt, problem } = event;
      return { ...workspace, connection: { state: 'waiting', retryAt, problem, isFirst } };
    }
    case 'measured':
      if (connection.state !== 'online') return workspace;
      return { ...workspace, connection: { ...connection, roundTripMs: event.roundTripMs } };
    case 'kicked': {
      const { code, reason, at, isOwnBrowser } = event;
      const isIt = isOwnBrowser && code === DUPLICATE_LOGIN;
      return { ...workspace, connection: { state: 'kicked', code, reason, at, isOwnBrowser: isIt } };
    }
    default:
      return event satisfies never;
  }
}

function open(workspace: Workspace, peer: string, order: number): Step<Workspace> {
  if (workspace.history === 'opening') return step(workspace);
  if (workspace.thread?.peer === peer) return step({ ...workspace, search: '' });
  const known = workspace.conversations.get(peer);
  const isNew = known === undefined || isDeleted(known);
  const conversation = isNew ? { ...newConversation(peer, order), clearedAt: known?.clearedAt } : known;
  const opened: Workspace = {
    ...workspace,
    search: '',
    conversations: new Map(workspace.conversations).set(peer, conversation),
    thread: openThread(peer, conversation.unread),
  };
  const { state, effects } = markRead(opened);
  const keep: AppEffect[] = isNew ? [{ kind: 'keep-conversation', conversation }] : [];
  return step(
    state,
    ...keep,
    ...effects,
    { kind: 'load-page', peer, before: undefined },
    { kind: 'show-peer', peer },
  );
}

/** Marks the open conversation as read if the user sees its end. */
function markRead(workspace: Workspace): Step<Workspace> {
  const { thread } = workspace;
  if (thread === undefined || !isSeen(workspace, thread.peer)) return step(workspace);
  return changeConversation(workspace, thread.peer, (one) =>
    one.unread === 0 ? one : { ...one, unread: 0 },
  );
}

function isSeen({ thread, isFocused }: Workspace, peer: string): boolean {
  return isFocused && thread?.peer === peer && thread.isAtEnd;
}

function compose(
  workspace: Workspace,
  { text, id, at, order }: Extract<WorkspaceEvent, { kind: 'composed' }>,
): Step<Workspace> {
  const { thread } = workspace;
  if (thread === undefined || text.trim() === '') return step(workspace);
  if (!messageSize(text, workspace.account.userId, thread.peer).fits) return step(workspace);
  const message: OutgoingMessage = {
    kind: 'outgoing',
    id,
    peer: thread.peer,
    text,
    at,
    order,
    delivery: 'pending',
  };
  const { state, effects } = addMessage(
    { ...workspace, thread: { ...thread, isAtEnd: true } },
    message,
    false,
  );
  const cleared = changeConversation(state, thread.peer, (one) => ({ ...one, draft: '' }));
  return step(cleared.state, { kind: 'post', message }, ...effects, ...cleared.effects);
}

/** What the user has seen already, on this device or before it was one, is neither unread nor announced. */
function receive(workspace: Workspace, message: IncomingMessage, isNew: boolean): Step<Workspace> {
  const { id, peer, text } = message;
  const { state, effects } = addMessage(workspace, message, isNew && !isSeen(workspace, peer));
  if (!isNew) return step(state, ...effects);
  return step({ ...state, announced: { id, peer, text } }, ...effects);
}

function addMessage(workspace: Workspace, message: ChatMessage, isUnread: boolean): Step<Workspace> {
  const { peer, order } = message;
  const known = workspace.conversations.get(peer) ?? newConversation(peer, order);
  const isOlder = known.last !== undefined && known.last.at > message.at && workspace.isDevice;
  const conversation = isOlder
    ? { ...known, unread: known.unread + (isUnread ? 1 : 0) }
    : withMessage(known, message, isUnread);
  const thread = workspace.thread?.peer === peer ? withNewest(workspace.thread, message) : workspace.thread;
  const conversations = new Map(workspace.conversations).set(peer, conversation);
  return step({ ...workspace, conversations, thread }, { kind: 'keep-conversation', conversation });
}

/** Who writes on another device has read what is there. */
function echo(workspace: Workspace, message: OutgoingMessage): Step<Workspace> {
  const { state, effects } = addMessage(workspace, message, false);
  const read = changeConversation(state, message.peer, (one) =>
    one.unread === 0 ? one : { ...one, unread: 0 },
  );
  return step(read.state, ...effects, ...read.effects);
}

/** Adds conversations that this browser does not know, and newer messages of those that it knows. */
function findConversations(workspace: Workspace, newest: readonly ChatMessage[]): Step<Workspace> {
  const conversations = new Map(workspace.conversations);
  const effects: AppEffect[] = [];
  for (const message of newest) {
    const { peer, at } = message;
    const known = conversations.get(peer) ?? newConversation(peer, at);
    if (at <= Math.max(known.clearedAt ?? 0, known.last?.at ?? 0)) continue;
    const conversation = withMessage(known, message, false);
    conversations.set(peer, conversation);
    effects.push({ kind: 'keep-conversation', conversation });
  }
  return effects.length === 0 ? step(workspace) : step({ ...workspace, conversations }, ...effects);
}

function retry(workspace: Workspace, id: string): Step<Workspace> {
  const message = workspace.thread?.messages.find((one) => one.id === id);
  if (message?.kind !== 'outgoing' || message.delivery !== 'failed') return step(workspace);
  // It would fail again.
  if (message.failure === 'too-large') return step(workspace);
  const again = settle(message, { delivery: 'pending' });
  const { state, effects } = withOutcomeOf(workspace, again.id, again.peer, { delivery: 'pending' });
  return step(state, { kind: 'post', message: again }, ...effects);
}

function settleMessage(workspace: Workspace, id: string, peer: string, outcome: Outcome): Step<Workspace> {
  const failure = outcome.delivery === 'failed' ? outcome.failure : undefined;
  const { state, effects } = withOutcomeOf(workspace, id, peer, outcome);
  const at = outcome.delivery === 'stored' ? outcome.at : undefined;
  return step(state, { kind: 'keep-message', id, delivery: outcome.delivery, failure, at }, ...effects);
}

/** Updates the delivery state of a message in the thread and in the list. */
function withOutcomeOf(workspace: Workspace, id: string, peer: string, outcome: AnyOutcome): Step<Workspace> {
  const thread: Thread | undefined = workspace.thread && withOutcome(workspace.thread, id, outcome);
  return changeConversation({ ...workspace, thread }, peer, (one) =>
    one.last?.id === id && one.last.kind === 'outgoing' ? { ...one, last: settle(one.last, outcome) } : one,
  );
}

function scroll(workspace: Workspace, isAtEnd: boolean): Step<Workspace> {
  const { thread } = workspace;
  if (thread === undefined || thread.isAtEnd === isAtEnd) return step(workspace);
  return markRead({ ...workspace, thread: { ...thread, isAtEnd } });
}

function loadOlder(workspace: Workspace): Step<Workspace> {
  const { thread } = workspace;
  if (thread?.history !== 'more') return step(workspace);
  if (thread.source === 'server') return step(workspace, { kind: 'load-older', peer: thread.peer });
  const before = thread.messages[0]?.order;
  return step(
    { ...workspace, thread: { ...thread, history: 'loading' } },
    { kind: 'load-page', peer: thread.peer, before },
  );
}

function openHistory(workspace: Workspace, found: readonly Conversation[]): Step<Workspace> {
  // Conversations that changed while the history was loading are newer than the loaded ones.
  const conversations = new Map(found.map((one) => [one.peer, one]));
  for (const [peer, one] of workspace.conversations) conversations.set(peer, one);
  return step({
    ...workspace,
    conversations,
    history: workspace.history === 'opening' ? 'open' : workspace.history,
  });
}

function deleteConversation(workspace: Workspace, peer: string): Step<Workspace> {
  const conversations = new Map(workspace.conversations);
  const { last, clearedAt } = conversations.get(peer) ?? {};
  conversations.delete(peer);
  const isOpen = workspace.thread?.peer === peer;
  const left: AppEffect[] = isOpen ? [{ kind: 'show-peer', peer: undefined }] : [];
  const deleted = workspace.isDevice
    ? { ...newConversation(peer, 0), isContact: false, clearedAt: last?.at ?? clearedAt ?? 0 }
    : undefined;
  if (deleted !== undefined) conversations.set(peer, deleted);
  return step(
    { ...workspace, conversations, thread: isOpen ? undefined : workspace.thread },
    { kind: 'delete-conversation', peer, deleted },
    ...left,
  );
}

function changeConversation(
  workspace: Workspace,
  peer: string,
  change: (conversation: Conversation) => Conversation,
): Step<Workspace> {
  const before = workspace.conversations.get(peer);
  const conversation = before && change(before);
  if (conversation === undefined || conversation === before) return step(workspace);
  const conversations = new Map(workspace.conversations).set(peer, conversation);
  return step({ ...workspace, conversations }, { kind: 'keep-conversation', conversation });
}
