import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { PostgresStore, PostgresStoreOptions } from '../src/options.js';
import { postgresStore } from '../src/postgres-store.js';
import { hashOf } from '../src/text-key.js';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.js';
import { hasPostgres, port, url, useSchemas } from './database-under-test.js';
import { fingerprints, idOf, message, positionOf } from './messages.js';
import { appendRepeating } from './repeated-append.js';

describe.runIf(await hasPostgres())('postgresStore that loses connections', () => {
  const newSchema = useSchemas();
  const stores: PostgresStore[] = [];
  const proxies: CuttingProxy[] = [];
  const open = (options: PostgresStoreOptions): PostgresStore => {
    const store = postgresStore(options);
    stores.push(store);
    return store;
  };
  const openBehindProxy = async (options: PostgresStoreOptions = {}) => {
    const proxy = await startCuttingProxy(port);
    proxies.push(proxy);
    const throughProxy = url.replace(`:${port}`, `:${proxy.port}`);
    return { proxy, store: open({ url: throughProxy, schema: newSchema(), ...options }) };
  };
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
    for (const store of stores.splice(0)) await store.close();
  });

  /** Terminates only this store's connections: the server is shared. */
  const terminateBy = async (killer: Client, schema: string): Promise<number> => {
    const sql = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    return (await killer.query(sql, [schema])).rows.length;
  };

  it('stores each of 200 appends once and in order while its connections are terminated repeatedly', async () => {
    const schema = newSchema();
    const store = open({ url: `${url}?application_name=${schema}`, schema });
    await store.open();
    const killer = new Client(url);
    await killer.connect();
    const ended: Promise<number>[] = [];
    let rejections = 0;
    const positions: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      // Not awaited: it hits this append or one of the next.
      if (hashOf(`moment ${index}`) % 4 === 0) ended.push(terminateBy(killer, schema));
      const appended = await appendRepeating(store, [
        message(`${index}a`),
        message(`${index}b`),
        message(`${index}c`, { to: 'carol' }),
      ]);
      rejections += appended.rejections;
      positions.push(...appended.results.slice(0, 2).map((result) => positionOf(result)));
    }
    const struck = (await Promise.all(ended)).reduce((sum, count) => sum + count, 0);
    await killer.end();
    expect(struck).toBeGreaterThan(20);
    expect(rejections).toBeGreaterThan(10);
    const waiting = await takeRepeating(store);
    expect(waiting.map(({ position }) => position)).toEqual(positions);
    expect(positions).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
    expect(waiting.map(({ fingerprint }) => fingerprint)).toEqual(
      Array.from({ length: 200 }, (_, index) => [`${index}a`, `${index}b`]).flat(),
    );
  }, 60_000);

  it('works after its idle connections were terminated', async () => {
    const schema = newSchema();
    const store = open({ url: `${url}?application_name=${schema}`, schema });
    await Promise.all(Array.from({ length: 8 }, () => store.count('bob')));
    const killer = new Client(url);
    await killer.connect();
    expect(await terminateBy(killer, schema)).toBeGreaterThan(1);
    await killer.end();
    await appendRepeating(store, [message('1')]);
    expect(await fingerprints(store)).toEqual(['1']);
  });

  it('reports messages of an append whose response was lost as duplicates, with their ids', async () => {
    const { proxy, store } = await openBehindProxy();
    await store.open();
    proxy.cutAfterNextAppend();
    const batch = [message('1'), message('2')];
    await expect(store.append(batch)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    const repeated = await store.append(batch);
    expect(repeated.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate']);
    expect((await store.take('bob', 0, 10)).entries.map(({ id }) => id)).toEqual(repeated.map(idOf));
  });

  it('rejects calls when the network drops all packets, and closes', async () => {
    const { proxy, store } = await openBehindProxy({ connectTimeoutMs: 300, statementTimeoutMs: 300 });
    await store.append([message('1')]);
    proxy.blackHole();
    const calls = [
      store.append([message('2')]),
      store.take('bob', 0, 1),
      store.confirm([{ userId: 'bob', positions: [1] }]),
    ];
    const failed = { status: 'rejected', reason: { code: 'ERR_STORE_FAILED' } };
    expect(await Promise.allSettled(calls)).toMatchObject([failed, failed, failed]);
    await expect(store.close()).resolves.toBeUndefined();
  }, 10_000);

  it('rejects within connectTimeoutMs when the server never responds', async () => {
    const { proxy, store } = await openBehindProxy({ connectTimeoutMs: 200 });
    proxy.blackHole();
    await expect(store.open()).rejects.toThrow(/timeout/);
  });

  /** Retries once: connections may have been terminated after the last append. */
  async function takeRepeating(store: PostgresStore) {
    const take = () => store.take('bob', 0, 1000);
    return (await take().catch(take)).entries;
  }
});
