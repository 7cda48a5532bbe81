import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresStore } from '../src/options.js';
import { postgresStore } from '../src/postgres-store.js';
import { idOf, message } from './messages.js';
import { canMakeCluster, makeCluster, type PrivateCluster } from './private-cluster.js';
import { appendRepeating, repeating } from './repeated-append.js';

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

  const stops = {
    fast: () => cluster.stop('fast'),
    immediate: () => cluster.stop('immediate'),
    'kill -9': () => cluster.kill(),
  };

  it.each(['fast', 'immediate', 'kill -9'] as const)(
    'loses and duplicates nothing across a stop with %s, rejects meanwhile, and recovers',
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
      await stops[mode]();
      await expect(store.count(to)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
      expect(await store.health()).toMatchObject({
        ok: false,
        problem: expect.stringContaining('PostgreSQL'),
      });
      await cluster.start();
      const before = ids.length;
      await expect.poll(() => ids.length, { timeout: 20_000 }).toBeGreaterThan(before + 20);
      isDone = true;
      await appending;
      const waiting = (await store.take(to, 0, 1_000_000)).entries;
      expect(rejections).toBeGreaterThan(0);
      expect(waiting.map(({ id }) => id)).toEqual(ids);
      expect(waiting.map(({ fingerprint }) => fingerprint)).toEqual(
        ids.map((_, index) => `${mode}-${index}`),
      );
    },
    60_000,
  );

  it('loses and reorders nothing for two busy nodes while the server is killed three times', async () => {
    const nodes = [0, 1].map(() =>
      postgresStore({ url: urlWith(cluster.password), schema: 'busy', connectTimeoutMs: 1000 }),
    );
    const received: string[] = [];
    let isDone = false;
    let isAllSent = false;
    const sent = new Map<string, number>();
    const send = async (from: string, node: PostgresStore) => {
      for (let number = 0; !isDone; number += 1) {
        const batch = ['bob', 'carol'].map((to) => message(`${number}`, { from, to }));
        await appendRepeating(node, batch);
        sent.set(from, number + 1);
      }
    };
    const receive = async (userId: string, node: PostgresStore) => {
      let after = 0;
      for (;;) {
        const wasAllSent = isAllSent;
        const page = (await repeating(() => node.take(userId, after, 100))).entries;
        const positions = page.map(({ position }) => position);
        await repeating(() => node.confirm([{ userId, positions }]));
        received.push(...page.map(({ from, fingerprint }) => `${from}>${userId} ${fingerprint}`));
        after = positions.at(-1) ?? after;
        if (wasAllSent && page.length === 0) return;
        if (page.length === 0) await pause(5);
      }
    };
    const sending = nodes.flatMap((node, index) => [
      send(`alice-${index}`, node),
      send(`dave-${index}`, node),
    ]);
    const receiving = nodes.map((node, index) => receive(index === 0 ? 'bob' : 'carol', node));
    for (let kill = 0; kill < 3; kill += 1) {
      const before = received.length;
      await expect.poll(() => received.length, { timeout: 20_000 }).toBeGreaterThan(before + 100);
      await cluster.kill();
      await cluster.start();
    }
    isDone = true;
    await Promise.all(sending);
    isAllSent = true;
    await Promise.all(receiving);
    const expected = [...sent].flatMap(([from, count]) =>
      ['bob', 'carol'].map((to) => Array.from({ length: count }, (_, n) => `${from}>${to} ${n}`)),
    );
    for (const ofPair of expected) {
      const [pair = ''] = (ofPair[0] ?? '').split(' ');
      expect(received.filter((each) => each.startsWith(`${pair} `))).toEqual(ofPair);
    }
    expect(await nodes[0]?.health()).toEqual({ ok: true, waiting: 0, waitingBytes: 0, deadLetters: 0 });
    for (const node of nodes) await node.close();
  }, 120_000);

  it('does not expose the password when the server rejects it', async () => {
    const secret = 'wrong-sesame-0815';
    const store = postgresStore({ url: urlWith(secret) });
    const error = await store.open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(String(error)).toContain('password authentication failed');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
    await store.close();
  });

  it('says that the server asks for a password where none was given', async () => {
    const without = postgresStore({ url: urlWith('') });
    await expect(without.open()).rejects.toMatchObject({
      message: 'PostgreSQL: the server asks for a password, and none was given',
    });
    await without.close();
  });

  it('works as soon as the server is up, even if it was down when the store was opened', async () => {
    await cluster.stop('fast');
    const early = postgresStore({ url: urlWith(cluster.password), schema: 'early' });
    await expect(early.open()).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    await cluster.start();
    expect(await early.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
    await early.close();
  });

  it('does not expose the password when the server stops under an open connection', async () => {
    await store.count('bob');
    await cluster.stop('immediate');
    const error = await store.count('bob').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(cluster.password);
  });
});
