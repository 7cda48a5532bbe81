import { tcp, udp, websocket } from '@imcore/server';
import { describeServerTransport } from '../src/contracts/server-transport-contract.js';
import { realFixture } from './fixtures/real-fixture.js';

const host = '127.0.0.1';

describeServerTransport('tcp', 'tcp', ({ port }) => Promise.resolve(realFixture(tcp({ host, port }), 6144)));

describeServerTransport('udp', 'udp', ({ port }) => Promise.resolve(realFixture(udp({ host, port }), 2048)));

describeServerTransport('websocket', 'websocket', ({ port }) =>
  Promise.resolve(realFixture(websocket({ host, port }), 65_536)),
);
