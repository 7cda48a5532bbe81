import type { SnapshotStore } from '@imcore/client/view';
import { useSyncExternalStore } from 'react';

/** The current snapshot of a store. The component is rendered again when it changes. */
export function useStore<Snapshot>({ subscribe, getSnapshot }: SnapshotStore<Snapshot>): Snapshot {
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
