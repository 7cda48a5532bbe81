import fc from 'fast-check';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { Drafts } from '../src/draft.js';
import { beginLocked, insert } from '../src/inserting.js';
import type { PostgresStore, PostgresStoreOptions } from '../src/options.js';
import { postgresStore } from '../src/postgres-store.js';
import { lockClassOf } from '../src/schema.js';
import { statementsFor } from '../src/statements.js';
import { hasPostgres, query, url, useSchemas } from './database-under-test.js';
import { idOf, message, readAll } from './messages.js';

describe.runIf(await hasPostgres())('nodes that share PostgreSQL', () => {
  const newSchema = useSchemas();
  const open: { end(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0)) await each.end();
  });
  const openStore = (options: PostgresStoreOptions): PostgresStore => {
    const store = postgresStore({ url, ...options });
    open.push({ end: () => store.close() });
    return store;
  };

  /** One append of a node: the number of messages for bob, and for other users after them, which make it slow. */
  const appendOf = fc.record({
    bobs: fc.integer({ min: 1, max: 4 }),
    others: fc.integer({ min: 0, max: 200 }),
  });
  const nodeOf = fc.array(appendOf, { minLength: 10, maxLength: 20 });

  it('give a reader with a cursor every id of a queue exactly once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(nodeOf, nodeOf, fc.boolean(), async (first, second, readsFromWriter) => {
        const schema = newSchema();
        const nodes = [0, 1, 2].map(() => openStore({ schema, maxConnections: 2 }));
        const [left, right, third] = nodes;
        if (left === undefined || right === undefined || third === undefined) throw new Error('three nodes');
        let isDone = false;
        const reading = readAll(readsFromWriter ? left : third, 'bob', () => isDone);
        const stored = await Promise.all([appendEach(left, 'l', first), appendEach(right, 'r', second)]);
        isDone = true;
        const seen = await reading;
        const ids = stored.flat().sort((a, b) => a - b);
        expect(seen.map(({ id }) => id)).toEqual(ids);
        for (const name of ['l', 'r']) {
          const own = seen.flatMap(({ from, fingerprint }) => (from === name ? [Number(fingerprint)] : []));
          expect(own).toEqual(own.map((_, index) => index));
        }
      }),
      { numRuns: 6 },
    );
  }, 60_000);

  it('wait for each other at the same receiver, so that ids become visible in order', async () => {
    const schema = newSchema();
    const store = openStore({ url: `${url}?application_name=${schema}`, schema });
    await store.open();
    const slow = await beginBy(schema, '1');
    let isStored = false;
    const late = store.append([message('2')]).finally(() => {
      isStored = true;
    });
    await expect.poll(async () => isStored || (await isWaiting(schema))).toBe(true);
    expect(isStored).toBe(false);
    expect(await store.take('bob', undefined, 10)).toEqual([]);
    await slow.query('COMMIT');
    await late;
    const seen = await store.take('bob', undefined, 10);
    expect(seen.map(({ fingerprint }) => fingerprint)).toEqual(['1', '2']);
  });

  it('do not wait for each other at different receivers', async () => {
    const schema = newSchema();
    const store = openStore({ schema });
    await store.open();
    await beginBy(schema, '1');
    expect(await store.append([message('2', { to: 'carol' })])).toMatchObject([{ outcome: 'stored' }]);
  });

  it('store a message once that both append at the same time', async () => {
    const schema = newSchema();
    const nodes = [0, 1].map(() => openStore({ schema }));
    const batch = Array.from({ length: 100 }, (_, index) => message(`${index}`));
    const [left, right] = await Promise.all(nodes.map((node) => node.append(batch)));
    expect(left?.map(idOf)).toEqual(right?.map(idOf));
    const outcomes = [...(left ?? []), ...(right ?? [])].map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(100);
  });

  async function isWaiting(applicationName: string): Promise<boolean> {
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
    return (await query(waiting, [applicationName])).length > 0;
  }

  /** Starts an append and leaves its transaction open. */
  async function beginBy(schema: string, fingerprint: string, to = 'bob'): Promise<Client> {
    const client = new Client(url);
    open.unshift({ end: () => client.end() });
    await client.connect();
    const messages = [message(fingerprint, { to })];
    await client.query(beginLocked(lockClassOf(schema), [to]));
    await insert(client, statementsFor(schema), lockClassOf(schema), false, new Drafts(messages).all);
    return client;
  }
});

/** Appends messages of a sender with this name. Returns the ids of bob's messages. */
async function appendEach(
  store: PostgresStore,
  name: string,
  appends: readonly { readonly bobs: number; readonly others: number }[],
): Promise<number[]> {
  const ids: number[] = [];
  let made = 0;
  for (const [round, { bobs, others }] of appends.entries()) {
    const forBob = Array.from({ length: bobs }, () => message(`${made++}`, { from: name }));
    const forOthers = Array.from({ length: others }, (_, index) =>
      message(`${round}-${index}`, { from: name, to: `user-${name}-${index}` }),
    );
    const results = await store.append([...forBob, ...forOthers]);
    ids.push(...results.slice(0, bobs).map(idOf));
  }
  return ids;
}
