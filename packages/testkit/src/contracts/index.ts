export { describeBridge } from './bridge-contract.js';
export type { BridgeFixture, BrokerUnderTest, CreateBridgeFixture } from './bridge-fixture.js';
export { bridgeMessage, HostUnderTest } from './bridge-fixture.js';
export { describeGateway } from './gateway-contract.js';
export type { CreateGatewayFixture, GatewayFixture, GatewayPeer } from './gateway-fixture.js';
export type { CreateMessageStore, StoreUnderTestOptions } from './message-store/fixture.js';
export { describeMessageStore } from './message-store-contract.js';
export {
  type CreateOutboxStorage,
  describeOutboxStorage,
  type OutboxStorageFixture,
} from './outbox-storage-contract.js';
export { describeTransport } from './transport-contract.js';
export type { CreateTransportFixture, TransportFixture, TransportPeer } from './transport-fixture.js';
