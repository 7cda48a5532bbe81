import { describeServerTransport } from '../src/contracts/server-transport-contract.js';
import { memoryFixture } from './fixtures/memory-fixture.js';

for (const transport of ['tcp', 'websocket', 'udp'] as const) {
  describeServerTransport(`memory ${transport}`, transport, ({ port }) =>
    Promise.resolve(memoryFixture(transport, port)),
  );
}
