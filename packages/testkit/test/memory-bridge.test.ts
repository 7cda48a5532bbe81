import { systemClock } from '@imcore/server/ports';
import { describeBridge } from '../src/contracts/index.js';
import { MemoryBridge, MemoryBroker } from '../src/index.js';

describeBridge('MemoryBridge', async () => {
  const broker = new MemoryBroker({ clock: systemClock, restMs: 20 });
  return {
    createBridge: () => new MemoryBridge(broker),
    close: async () => {},
    broker: {
      published: () => broker.published,
      send: async (text) => broker.send(text),
      deadLetters: async () => broker.deadLetters,
      stop: async () => broker.stop(),
      start: async () => broker.start(),
    },
  };
});
