import { tcp, udp, websocket } from '@imcore/server';
import { describeGateway } from '../src/contracts/gateway-contract.js';
import { realFixture } from './fixtures/real-fixture.js';

const host = '127.0.0.1';

describeGateway('tcp', 'tcp', ({ port }) => Promise.resolve(realFixture(tcp({ host, port }), 6144)));

describeGateway('udp', 'udp', ({ port }) => Promise.resolve(realFixture(udp({ host, port }), 2048)));

describeGateway('websocket', 'websocket', ({ port }) =>
  Promise.resolve(realFixture(websocket({ host, port }), 65_536)),
);
