import { describe, expect, it } from 'vitest';
import { DevCluster } from '../../src/dev/dev-cluster.js';
import type { Backend } from '../../src/dev/open-backend.js';
import { planPorts } from '../../src/dev/ports.js';

const BACKEND: Backend = {
  store: 'postgres://postgres@127.0.0.1:1/postgres',
  bus: 'nats://127.0.0.1:1',
  shown: { store: '', bus: '' },
  onEnd() {},
  close: async () => {},
};

describe('DevCluster', () => {
  it('starts no process after its end', async () => {
    const cluster = new DevCluster(BACKEND, () => {});
    const starting = cluster.start(planPorts(1000, 2));
    await cluster.close();
    await starting;
    expect(cluster.state().nodes).toEqual([]);
  });
});
