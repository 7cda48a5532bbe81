import { memoryStore } from '../../server/src/store-memory/memory-store.js';
import { describeMessageStore } from '../src/contracts/message-store-contract.js';

describeMessageStore(
  'memoryStore',
  ({ retention, wallTime }) => Promise.resolve(memoryStore({ ...retention, wallTime })),
  ({ retention, wallTime }) => {
    const store = memoryStore({ ...retention, wallTime });
    return Promise.resolve([store, store.share()]);
  },
);
