import { describeGateway } from '../src/contracts/gateway-contract.js';
import { memoryFixture } from './fixtures/memory-fixture.js';

for (const transport of ['tcp', 'websocket', 'udp'] as const) {
  describeGateway(`memory ${transport}`, transport, ({ port }) =>
    Promise.resolve(memoryFixture(transport, port)),
  );
}
