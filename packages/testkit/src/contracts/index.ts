export { describeGateway } from './gateway-contract.js';
export type { CreateGatewayFixture, GatewayFixture, GatewayPeer } from './gateway-fixture.js';
export {
  type CreateMessageStore,
  describeMessageStore,
  type StoreUnderTestOptions,
} from './message-store-contract.js';
export { describeTransport } from './transport-contract.js';
export type { CreateTransportFixture, TransportFixture, TransportPeer } from './transport-fixture.js';
