import { systemClock } from '@imcore/server/ports';
import { describeBroker } from './support/broker-contract.js';
import { MemoryBroker, MemoryQueues } from './support/memory-broker.js';

describeBroker('MemoryBroker', async () => {
  const queues = new MemoryQueues({ clock: systemClock, restMs: 20 });
  return {
    createBroker: () => new MemoryBroker(queues),
    close: async () => {},
    queues: {
      published: () => queues.published,
      send: async (text) => queues.send(text),
      deadLetters: async () => queues.deadLetters,
      stop: async () => queues.stop(),
      start: async () => queues.start(),
    },
  };
});
