export {
  type BusConditions,
  DEFAULT_BUS,
  SimulatedBus,
  type SimulatedBusOptions,
  type SimulatedMember,
} from './cluster/simulated-bus.js';
export { type MemoryOutbox, memoryOutbox } from './memory/memory-outbox.js';
export {
  type MemoryServerTransportOptions,
  memoryServerTransport,
} from './memory/memory-server-transport.js';
export { type MemoryTransportOptions, memoryTransport } from './memory/memory-transport.js';
export { type Direction, type LinkConditions, PERFECT_LINK } from './network/link-conditions.js';
export { type DatagramFate, SimulatedLink } from './network/simulated-link.js';
export {
  type Datagram,
  type DatagramListening,
  type Listening,
  type NetworkOptions,
  SimulatedNetwork,
  type StreamAcceptor,
} from './network/simulated-network.js';
export { SeededRandom } from './seeded-random.js';
export { settlePromises } from './settle-promises.js';
export { type StoreCall, wrapStore } from './stores/wrap-store.js';
export { type PendingRun, VirtualClock } from './virtual-clock.js';
