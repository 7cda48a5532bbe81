import { describeCluster } from '@imcore/testkit/contracts';
import { afterAll, beforeAll, describe } from 'vitest';
import { NatsCluster } from '../src/nats-cluster.js';
import { readOptions } from '../src/options.js';
import { hasNats, NatsServer } from './nats-server.js';

describe.runIf(hasNats())('with a NATS server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(() => server.remove());

  describeCluster('natsCluster', async () => ({
    node: (nodeId, clusterName) => {
      const settings = readOptions({ nodeId, clusterName, servers: server.url });
      return new NatsCluster({ ...settings, backoffMs: 20, jitterMs: 20 });
    },
    interrupt: () => server.kill(),
    restore: () => server.start(),
    // What a failed test has left behind.
    dispose: async () => {
      await server.kill();
      await server.start();
    },
  }));
});
