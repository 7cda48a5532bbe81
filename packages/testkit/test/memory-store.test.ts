import { memoryStore } from '../../server/src/stores/memory-store.js';
import { describeMessageStore } from '../src/contracts/message-store-contract.js';

describeMessageStore('memoryStore', ({ maxMessagesPerUser }) =>
  Promise.resolve(memoryStore(maxMessagesPerUser === undefined ? {} : { maxPerUser: maxMessagesPerUser })),
);
