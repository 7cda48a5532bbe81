import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresStore, postgresStore } from '../src/postgres-store.js';
import { idOf, message } from './messages.js';
import { canMakeCluster, makeCluster, type PrivateCluster } from './private-cluster.js';
import { appendRepeating } from './repeated-append.js';

describe.runIf(canMakeCluster())('postgresStore on a PostgreSQL server that is stopped and started', () => {
  let cluster: PrivateCluster;
  let store: PostgresStore;
  const urlWith = (password: string) => `postgres://postgres:${password}@127.0.0.1:${cluster.port}/postgres`;

  beforeAll(async () => {
    cluster = await makeCluster();
    await cluster.start();
    store = postgresStore({ url: urlWith(cluster.password), connectTimeoutMs: 1000 });
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    await cluster?.remove();
  }, 60_000);

  it.each(['fast', 'immediate'] as const)(
    'loses and doubles nothing over a stop that is %s, rejects meanwhile, and comes back',
    async (mode) => {
      const to = `bob-${mode}`;
      const ids: number[] = [];
      let rejections = 0;
      let isDone = false;
      const appending = (async () => {
        for (let index = 0; !isDone; index += 1) {
          const appended = await appendRepeating(store, [message(`${mode}-${index}`, { to })]);
          rejections += appended.rejections;
          ids.push(...appended.results.map(idOf));
        }
      })();
      await expect.poll(() => ids.length).toBeGreaterThan(20);
      await cluster.stop(mode);
      await expect(store.count(to)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
      await cluster.start();
      const before = ids.length;
      await expect.poll(() => ids.length, { timeout: 20_000 }).toBeGreaterThan(before + 20);
      isDone = true;
      await appending;
      const waiting = await store.take(to, undefined, 1_000_000);
      expect(rejections).toBeGreaterThan(0);
      expect(waiting.map(({ id }) => id)).toEqual(ids);
      expect(waiting.map(({ fingerprint }) => fingerprint)).toEqual(
        ids.map((_, index) => `${mode}-${index}`),
      );
    },
    60_000,
  );

  it('tells no password when the server refuses it', async () => {
    const secret = 'wrong-sesame-0815';
    const refused = postgresStore({ url: urlWith(secret) });
    const error = await refused.open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(String(error)).toContain('password authentication failed');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
    await refused.close();
  });

  it('works as soon as the server is there, though it was not when the store was opened', async () => {
    await cluster.stop('fast');
    const early = postgresStore({ url: urlWith(cluster.password), schema: 'early' });
    await expect(early.open()).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    await cluster.start();
    expect(await early.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
    await early.close();
  });

  it('tells no password when the server stops under an open connection', async () => {
    await store.count('bob');
    await cluster.stop('immediate');
    const error = await store.count('bob').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(cluster.password);
  });
});
