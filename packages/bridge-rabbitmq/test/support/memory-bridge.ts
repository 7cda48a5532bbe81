import type { Clock } from '@imcore/protocol';
import type { BridgeInProcess, OtherSystem } from '@imcore/testkit/conformance';
import { bridgeRoute } from '../../src/bridge-route.js';
import { MemoryBroker, MemoryQueues } from './memory-broker.js';

/** A bridge over queues in memory, for conversations that are played in virtual time. */
export function createMemoryBridge(clock: Clock): BridgeInProcess {
  const queues = new MemoryQueues({ clock, onPublished: (text) => otherSystem.onPublished(text) });
  const otherSystem: OtherSystem = { onPublished: () => {}, send: async (text) => queues.send(text) };
  return { route: bridgeRoute(new MemoryBroker(queues)), otherSystem };
}
