import { describeCluster } from '@imcore/testkit/contracts';
import { describe } from 'vitest';
import { BreakableWay, createNode, hasPostgres, ownName } from './database.js';

describe.runIf(await hasPostgres())('with a PostgreSQL', () => {
  describeCluster('postgresCluster', async () => {
    const way = await BreakableWay.open();
    const prefix = ownName();
    return {
      node: (nodeId, name = 'main') => createNode({ nodeId, clusterName: `${prefix}-${name}`, url: way.url }),
      interrupt: () => way.interrupt(),
      restore: () => way.restore(),
      dispose: () => way.interrupt(),
    };
  });
});
