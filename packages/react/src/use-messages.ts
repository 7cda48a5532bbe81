import type { HistoryState, ViewItem, ViewSendRequest } from '@imcore/client/view';
import { useMemo } from 'react';
import { useView } from './provider.js';
import { useStore } from './use-store.js';

/** The result of {@link useMessages}. The same object until something in it changes; the functions until the conversation changes. */
export interface Messages {
  /** Oldest first, those being sent last. An item of the kind `gap` is a place where messages are missing. */
  readonly messages: readonly ViewItem[];
  /** Whether there are older ones. */
  readonly older: HistoryState;
  /** Number of unread messages. */
  readonly unread: number;
  /** Reads older messages. Resolves when they are there, or when `older` says why not. Never rejects. */
  readonly loadOlder: () => Promise<void>;
  /**
   * Sends a message and shows it at once as `sending`; the message shows what becomes of it. Returns its key. When the provider is
   * unmounted, the message is sent all the same, and the key is empty.
   */
  readonly send: (request: ViewSendRequest) => string;
  /** Sends a failed message again. `key`: of the message. */
  readonly retry: (key: string) => void;
  /** Removes a failed message. `key`: of the message. */
  readonly discard: (key: string) => void;
  /** The user has seen all messages: nothing is unread. */
  readonly markRead: () => void;
}

/**
 * The messages of a conversation, and what can be done there. The conversation is open while a component with this hook is
 * mounted.
 *
 * @param conversation ID of the other user
 */
export function useMessages(conversation: string): Messages {
  const view = useView('useMessages');
  const handle = useMemo(() => view.conversation(conversation), [view, conversation]);
  const { items: messages, older, unread } = useStore(handle);
  const actions = useMemo(
    () => ({
      loadOlder: () => handle.loadOlder(),
      send: (request: ViewSendRequest) => handle.send(request),
      retry: (key: string) => handle.retry(key),
      discard: (key: string) => handle.discard(key),
      markRead: () => handle.markRead(),
    }),
    [handle],
  );
  return useMemo(() => ({ messages, older, unread, ...actions }), [messages, older, unread, actions]);
}
