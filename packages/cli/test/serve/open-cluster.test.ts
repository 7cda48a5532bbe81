import { describe, expect, it } from 'vitest';
import { defaultNodeId, openCluster } from '../../src/serve/open-cluster.js';

const SECRET = 'open-sesame-4711';
const settings = {
  cluster: `nats://imcore:${SECRET}@mq.example.com`,
  nodeId: 'a',
  clusterName: 'main',
  store: `postgres://imcore:${SECRET}@db.example.com/im`,
  tcpPort: 8901,
  wsPort: 3000,
  udpPort: 7901,
} as const;

describe('the cluster of imcore serve', () => {
  it('is undefined if it is not configured', async () => {
    expect(await openCluster({ ...settings, cluster: undefined })).toBeUndefined();
  });

  it.each([settings.cluster, 'postgres', settings.store])(
    'is created without connecting, over %s',
    async (cluster) => {
      const created = await openCluster({ ...settings, cluster });
      expect(created?.nodeId).toBe('a');
      await created?.close();
    },
  );

  it.each([
    ['names that are too long', { cluster: 'postgres', clusterName: 'x'.repeat(60) }, 'clusterName'],
    ['different credentials', { cluster: `nats://a:${SECRET}@h,nats://b:${SECRET}@h` }, 'servers'],
    ['a port that cannot be', { cluster: `nats://a:${SECRET}@h:4222/path?x` }, 'servers'],
  ])('rejects %s without exposing the password', async (_name, changed, message) => {
    const opening = openCluster({ ...settings, ...changed });
    await expect(opening).rejects.toThrow(`Invalid cluster settings: option ${message}`);
    await expect(opening).rejects.not.toThrow(SECRET);
  });
});

describe('the default name of a node', () => {
  it('is made of the host name and the first port', () => {
    expect(defaultNodeId(settings, 'im-1.example.com')).toBe('im-1-example-com-8901');
    expect(defaultNodeId({ ...settings, tcpPort: 'off' }, 'im-1')).toBe('im-1-3000');
  });

  it('is random where the port is', () => {
    const of = () => defaultNodeId({ ...settings, tcpPort: 0 }, 'im-1');
    expect(of()).toMatch(/^im-1-[0-9a-f]{8}$/);
    expect(of()).not.toBe(of());
  });

  it('is short enough for PostgreSQL, and differs where only the end of long host names differs', () => {
    const host = (end: string) => `${'x'.repeat(200)}${end}`;
    const of = (end: string, clusterName = 'main') => defaultNodeId({ ...settings, clusterName }, host(end));
    expect(of('1').length + 'main'.length).toBeLessThanOrEqual(53);
    expect(of('1')).not.toBe(of('2'));
    expect(of('1')).toBe(of('1'));
    const long = 'c'.repeat(40);
    expect(of('1', long).length + long.length).toBeLessThanOrEqual(53);
  });
});
