import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresStore } from '../src/postgres-store.js';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.js';
import { message, positionOf } from './messages.js';
import { canMakeCluster, makeCluster, type PrivateCluster } from './private-cluster.js';
import { appendRepeating } from './repeated-append.js';

describe.runIf(canMakeCluster())('postgresStore when its server fails over to a synchronous standby', () => {
  let primary: PrivateCluster;
  let standby: PrivateCluster;
  let proxy: CuttingProxy;

  beforeAll(async () => {
    primary = await makeCluster();
    await primary.start();
    standby = await primary.addStandby();
    proxy = await startCuttingProxy(primary.port);
  }, 120_000);
  afterAll(async () => {
    await proxy?.close();
    await standby?.remove();
    await primary?.remove();
  }, 60_000);

  it('loses nothing that was acknowledged, works within seconds, and has another epoch', async () => {
    const { port } = proxy;
    const url = `postgres://postgres:${primary.password}@127.0.0.1:${port}/postgres`;
    const nodes = [0, 1].map(() => postgresStore({ url, connectTimeoutMs: 1000, statementTimeoutMs: 3000 }));
    const acknowledged = new Map<number, string>();
    let isDone = false;
    const appending = nodes.map(async (node, own) => {
      for (let n = 0; !isDone; n += 1) {
        const { results } = await appendRepeating(node, [message(`${own}-${n}`, { from: `node-${own}` })]);
        acknowledged.set(positionOf(results[0]), `${own}-${n}`);
      }
    });
    const epochBefore = await nodes[0]?.epoch();
    await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(100);
    await primary.kill();
    await standby.promote();
    await proxy.close();
    proxy = await startCuttingProxy(standby.port, port);
    const before = acknowledged.size;
    await expect.poll(() => acknowledged.size, { timeout: 10_000 }).toBeGreaterThan(before + 100);
    isDone = true;
    await Promise.all(appending);
    const page = await nodes[0]?.take('bob', 0, 1_000_000);
    const names = new Map(page?.entries.map(({ position, fingerprint }) => [position, fingerprint]));
    for (const [position, fingerprint] of acknowledged) expect(names.get(position)).toBe(fingerprint);
    expect(page?.entries.map(({ position }) => position)).toEqual(page?.entries.map((_, n) => n + 1));
    for (const own of [0, 1]) {
      const sent = page?.entries.flatMap(({ from, fingerprint }) =>
        from === `node-${own}` ? [fingerprint] : [],
      );
      expect(sent).toEqual(sent?.map((_, n) => `${own}-${n}`));
    }
    expect(await nodes[0]?.epoch()).not.toBe(epochBefore);
    expect(await nodes[0]?.health()).toMatchObject({ ok: true, waiting: page?.last });
    for (const node of nodes) await node.close();
  }, 120_000);
});
