import type { ServerTransport } from '@imcore/server';
import { describeServerTransport } from '@imcore/testkit/contracts';
import { realFixture } from '../../testkit/test/fixtures/real-fixture.js';
import type { WorkersOptions } from '../src/options.js';
import { workersOf } from '../src/workers.js';
import { workersInProcess } from './support/workers-in-process.js';

const host = '127.0.0.1';

/** The transport of one worker. */
function transportOf(options: Omit<WorkersOptions, 'count'>): ServerTransport {
  const [transport] = workersOf({ ...options, count: 1 }, workersInProcess().start).transports;
  if (transport === undefined) throw new Error('there is no transport');
  return transport;
}

describeServerTransport('tcp in a worker', 'tcp', ({ port }) =>
  Promise.resolve(realFixture(transportOf({ tcp: { host, port } }), 6144)),
);

describeServerTransport('udp in a worker', 'udp', ({ port }) =>
  Promise.resolve(realFixture(transportOf({ udp: { host, port } }), 2048)),
);

describeServerTransport('websocket in a worker', 'websocket', ({ port }) =>
  Promise.resolve(realFixture(transportOf({ websocket: { host, port } }), 65_536)),
);
