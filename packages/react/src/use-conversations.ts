import type { ConversationListSnapshot } from '@imcore/client/view';
import { useMemo } from 'react';
import { useView } from './provider.js';
import { useStore } from './use-store.js';

/** The result of {@link useConversations}. The same object until something in it changes. */
export interface Conversations extends ConversationListSnapshot {
  /** Reads further conversations. Resolves when they are there, or when `older` says why not. Never rejects. */
  readonly loadMore: () => Promise<void>;
}

/** The user's conversations, the one with the newest message first, with unread counts. */
export function useConversations(): Conversations {
  const list = useView('useConversations').conversations;
  const snapshot = useStore(list);
  return useMemo(() => ({ ...snapshot, loadMore: () => list.loadMore() }), [list, snapshot]);
}
