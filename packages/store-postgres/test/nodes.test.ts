import fc from 'fast-check';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { Drafts } from '../src/draft.js';
import { insert } from '../src/inserting.js';
import type { PostgresStore, PostgresStoreOptions } from '../src/options.js';
import { postgresStore } from '../src/postgres-store.js';
import { statementsFor } from '../src/statements.js';
import { hasPostgres, query, url, useSchemas } from './database-under-test.js';
import { idOf, message, positionOf, readAll } from './messages.js';

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

  it('give a reader with a cursor every position of a log exactly once, in order', async () => {
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
        const positions = stored.flat().sort((a, b) => a - b);
        expect(seen.map(({ position }) => position)).toEqual(positions);
        expect(positions).toEqual(positions.map((_, index) => index + 1));
        const ids = seen.map(({ id }) => id);
        expect(ids).toEqual([...ids].sort((a, b) => a - b));
        for (const name of ['l', 'r']) {
          const own = seen.flatMap(({ from, fingerprint }) => (from === name ? [Number(fingerprint)] : []));
          expect(own).toEqual(own.map((_, index) => index));
        }
      }),
      { numRuns: 6 },
    );
  }, 60_000);

  it('wait for each other at the same log, so that positions become visible in order', async () => {
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
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [], last: 0 });
    await slow.query('COMMIT');
    await late;
    const { entries } = await store.take('bob', 0, 10);
    expect(entries).toMatchObject([
      { fingerprint: '1', position: 1 },
      { fingerprint: '2', position: 2 },
    ]);
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

  /** Four nodes that write to the same hundred users, each to other users at other places of its batches. */
  it('give dense positions to a hundred users that all of them write to, without a deadlock', async () => {
    const schema = newSchema();
    // PostgreSQL does not look for a deadlock before the wait for a lock ends, which is not tried again: a call would reject.
    const patient = `${url}?options=-c%20deadlock_timeout%3D60s`;
    const nodes = [0, 1, 2, 3].map(() => openStore({ url: patient, schema, maxConnections: 3 }));
    const confirmed: Promise<void>[] = [];
    await Promise.all(
      nodes.map(async (node, own) => {
        for (let round = 0; round < 15; round += 1) {
          const batch = Array.from({ length: 80 }, (_, n) => {
            const to = `user-${(n * 37 + own * 53 + round * 11) % 100}`;
            const from = `user-${(n * 13 + own) % 100}`;
            return message(
              `${round}-${n}`,
              n % 4 === 0 ? { to, from, echo: true } : { to, from: `node-${own}` },
            );
          });
          const results = await node.append(batch);
          confirmed.push(
            node.confirm(
              batch.slice(0, 20).map(({ to }, n) => ({ userId: to, positions: [positionOf(results[n])] })),
            ),
          );
        }
      }),
    );
    await Promise.all(confirmed);
    const [reader] = nodes;
    const logs = await query<{ no: string; last: string; entries: string; removed: string }>(
      `SELECT no, last, (SELECT count(*) FROM ${schema}.log_message WHERE receiver = no AND in_log)
         + (SELECT count(*) FROM ${schema}.echo WHERE user_no = no) AS entries,
         (SELECT removed_entries FROM ${schema}.log_state AS s WHERE s.no = u.no) AS removed FROM ${schema}.user_log AS u`,
    );
    expect(logs).toHaveLength(100);
    for (const { last, entries, removed } of logs)
      expect(Number(entries) + Number(removed)).toBe(Number(last));
    const lasts = logs.reduce((sum, { last }) => sum + Number(last), 0);
    const echoes = await query(`SELECT 1 FROM ${schema}.echo`);
    expect(lasts - echoes.length).toBe(4 * 15 * 80);
    for (let n = 0; n < 100; n += 1) {
      const ids = (await reader?.take(`user-${n}`, 0, 1000))?.entries.map(({ id }) => id) ?? [];
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
  }, 60_000);

  it('store one batch once that four nodes offer at the same time', async () => {
    const schema = newSchema();
    const nodes = [0, 1, 2, 3].map(() => openStore({ schema }));
    const batch = Array.from({ length: 300 }, (_, n) => message(`${n}`, { to: `user-${n % 100}` }));
    for (let round = 0; round < 5; round += 1) {
      const offered = batch.map((each) => ({ ...each, fingerprint: `${round} ${each.fingerprint}` }));
      const results = await Promise.all(nodes.map((node) => node.append(offered)));
      expect(results.flat().filter(({ outcome }) => outcome === 'stored')).toHaveLength(300);
      for (const result of results) expect(result.map(positionOf)).toEqual(results[0]?.map(positionOf));
    }
    const { entries, last } = (await nodes[0]?.take('user-7', 0, 100)) ?? { entries: [], last: 0 };
    expect(last).toBe(15);
    expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
  });

  it('append again after rows of users have disappeared, as when the database was set back', async () => {
    const schema = newSchema();
    const store = openStore({ schema });
    await store.append([message('1')]);
    await query(`DELETE FROM ${schema}.user_log; DELETE FROM ${schema}.log_state; DELETE FROM ${schema}.log_message;
      DELETE FROM ${schema}.log_key`);
    expect(await store.append([message('1'), message('2')])).toMatchObject([
      { outcome: 'stored', position: 1 },
      { outcome: 'stored', position: 2 },
    ]);
  });

  it('remove and sweep at the same time without counting anything twice', async () => {
    const schema = newSchema();
    const nodes = [0, 1].map(() => openStore({ schema, maxAgeMs: 1000, wallTime: () => 1 }));
    const users = Array.from({ length: 50 }, (_, n) => `user-${n}`);
    for (const to of users)
      await nodes[0]?.putDevice(to, { id: 'web', kind: '', name: '', position: 0, seenAt: 1 });
    await nodes[0]?.append(users.flatMap((to) => ['1', '2', '3', '4'].map((name) => message(name, { to }))));
    const work = nodes.map(async (node) => {
      await node.confirm(users.map((userId) => ({ userId, positions: [1, 3] })));
      await node.advance(users.map((userId) => ({ userId, deviceId: 'web', position: 2 })));
      return (await node.expire(5000, 1000)).deadLetters.length;
    });
    await Promise.all(work);
    for (let more = 1; more > 0; ) more = (await nodes[0]?.expire(5000, 1000))?.deadLetters.length ?? 0;
    expect(await nodes[0]?.health()).toMatchObject({ waiting: 0, waitingBytes: 0, deadLetters: 50 });
    for (const userId of users) expect(await nodes[1]?.count(userId)).toEqual({ messages: 0, bytes: 0 });
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
    const statements = statementsFor(schema);
    await client.query({ ...statements.user.make, values: [[Buffer.from(to)]] });
    await client.query('BEGIN');
    await insert(client, statements, new Drafts(messages).all, {
      maxPerUser: undefined,
      maxBytesPerUser: undefined,
      maxLogEntries: 100,
      keepsHistory: false,
    });
    return client;
  }
});

/** Appends messages of a sender with this name. Returns the positions of bob's messages. */
async function appendEach(
  store: PostgresStore,
  name: string,
  appends: readonly { readonly bobs: number; readonly others: number }[],
): Promise<number[]> {
  const positions: number[] = [];
  let made = 0;
  for (const [round, { bobs, others }] of appends.entries()) {
    const forBob = Array.from({ length: bobs }, () => message(`${made++}`, { from: name }));
    const forOthers = Array.from({ length: others }, (_, index) =>
      message(`${round}-${index}`, { from: name, to: `user-${name}-${index}` }),
    );
    const results = await store.append([...forBob, ...forOthers]);
    positions.push(...results.slice(0, bobs).map(positionOf));
  }
  return positions;
}
