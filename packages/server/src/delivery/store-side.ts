import type { MessageStore } from '../ports/message-store.js';
import type { Replays } from './replays.js';
import type { StoreWriter } from './store-writer.js';

/** What a server with a store has for it. */
export interface StoreSide {
  readonly store: MessageStore;
  readonly writer: StoreWriter;
  readonly replays: Replays;
}
