import type { ConnectionSnapshot } from '@imcore/client/view';
import { useView } from './provider.js';
import { useStore } from './use-store.js';

/** The connection of the client: its state, its level, and when the next attempt is made. */
export function useConnection(): ConnectionSnapshot {
  return useStore(useView('useConnection').connection);
}
