export { describeCluster } from './cluster-contract.js';
export type { ClusterFixture, CreateClusterFixture } from './cluster-fixture.js';
export type { CreateMessageStore, CreateStorePair, StoreUnderTestOptions } from './message-store/fixture.js';
export { describeMessageStore } from './message-store-contract.js';
export {
  type CreateOutboxStorage,
  describeDeviceRecords,
  describeOutboxStorage,
  type OutboxStorageFixture,
} from './outbox-storage-contract.js';
export { describeServerTransport } from './server-transport-contract.js';
export type {
  CreateServerTransportFixture,
  ServerTransportFixture,
  ServerTransportPeer,
} from './server-transport-fixture.js';
export { describeTransport } from './transport-contract.js';
export type { CreateTransportFixture, TransportFixture, TransportPeer } from './transport-fixture.js';
