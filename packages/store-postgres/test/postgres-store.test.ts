import { afterEach, describe, expect, it } from 'vitest';
import type { PostgresStore, PostgresStoreOptions } from '../src/options.js';
import { postgresStore } from '../src/postgres-store.js';
import { STEPS } from '../src/schema-steps.js';
import { hasPostgres, query, url, useSchemas } from './database-under-test.js';
import { confirmAll, fingerprints, idOf, message, positionOf } from './messages.js';

describe.runIf(await hasPostgres())('postgresStore on PostgreSQL', () => {
  const newSchema = useSchemas();
  const stores: PostgresStore[] = [];
  const open = (options: PostgresStoreOptions = {}): PostgresStore => {
    const store = postgresStore({ url, ...options });
    stores.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  it('shares waiting messages and the keys of confirmed ones with other nodes', async () => {
    const schema = newSchema();
    const first = open({ schema });
    const [one] = await first.append([message('1'), message('2')]);
    await first.confirm([{ userId: 'bob', positions: [1] }]);
    await first.close();
    const second = open({ schema });
    expect(await fingerprints(second)).toEqual(['2']);
    expect(await second.append([message('1')])).toEqual([
      { outcome: 'duplicate', id: idOf(one), position: undefined },
    ]);
  });

  it('never reuses a position or an id, so that a cursor stays valid across a restart', async () => {
    const schema = newSchema();
    const first = open({ schema, rememberMs: 0, wallTime: () => 1_000_000 });
    const [one] = await first.append([message('1')]);
    await first.confirm([{ userId: 'bob', positions: [1] }]);
    await first.close();
    const [two] = await open({ schema }).append([message('2')]);
    expect(idOf(two)).toBeGreaterThan(idOf(one));
    expect(positionOf(two)).toBe(2);
  });

  it('forgets a confirmed fingerprint after rememberMs, and not before', async () => {
    let now = 1_000_000;
    const store = open({ schema: newSchema(), rememberMs: 120_000, wallTime: () => now });
    await store.append(['1', '2', '3'].map((fingerprint) => message(fingerprint)));
    await store.confirm([{ userId: 'bob', positions: [1] }]);
    now += 119_000;
    await store.expire(now, 1);
    await store.confirm([{ userId: 'bob', positions: [2] }]);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'duplicate' }]);
    now += 61_000;
    await store.expire(now, 1);
    await store.confirm([{ userId: 'bob', positions: [3] }]);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
  });

  it('forgets nothing by a clock that has jumped since the last expire', async () => {
    let now = 1_000_000;
    const store = open({ schema: newSchema(), rememberMs: 120_000, wallTime: () => now });
    await store.append(['1', '2'].map((fingerprint) => message(fingerprint)));
    await store.expire(now, 1);
    await store.confirm([{ userId: 'bob', positions: [1] }]);
    now += 40 * 86_400_000;
    await store.confirm([{ userId: 'bob', positions: [2] }]);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'duplicate' }]);
  });

  it('forgets the keys of many batches in one sweep, and nothing that is still remembered', async () => {
    const schema = newSchema();
    let now = 1_000_000;
    const store = open({ schema, rememberMs: 1000, wallTime: () => now });
    const results = await store.append(Array.from({ length: 2500 }, (_, index) => message(`${index}`)));
    const positions = results.map(positionOf);
    for (let at = 0; at < 2500; at += 25) {
      await store.confirm([{ userId: 'bob', positions: positions.slice(at, at + 25) }]);
    }
    now += 500;
    await confirmAll(store, await store.append([message('later')]));
    expect(await keysOf(schema)).toBe(2501);
    await store.expire(now + 500, 1);
    expect(await keysOf(schema)).toBe(1);
    await store.expire(now + 1000, 1);
    expect(await keysOf(schema)).toBe(0);
  });

  it('deletes a confirmed message at once', async () => {
    const schema = newSchema();
    const store = open({ schema });
    await confirmAll(store, await store.append([message('1'), message('2')]));
    expect(await query(`SELECT 1 FROM ${schema}.log_message`)).toEqual([]);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [], removed: 2, last: 2 });
  });

  it('distinguishes ids that are not well-formed text, in the same call', async () => {
    const store = open({ schema: newSchema() });
    const odd = ['nul\u0000', 'nul', '\ud800', '\udfff', '\ufffd', 'a\ud800', '\u00ff', '\\x00'];
    await store.append(odd.map((id) => message(id, { to: id, from: id })));
    for (const id of odd) {
      const { entries } = await store.take(id, 0, 10);
      expect(entries).toMatchObject([{ to: id, from: id, fingerprint: id }]);
    }
  });

  it('stores ids of the maximum length that do not compress', async () => {
    const store = open({ schema: newSchema() });
    const long = (seed: number) =>
      Array.from({ length: 256 }, (_, n) => String.fromCharCode(0x4e00 + ((n * 7919 + seed) % 20_000))).join(
        '',
      );
    const stored = message(long(1), { to: long(2), from: long(3), body: 'x' });
    await store.append([stored]);
    expect((await store.take(long(2), 0, 1)).entries).toMatchObject([stored]);
  });

  it('treats the same message object twice in one call as two copies', async () => {
    const store = open({ schema: newSchema() });
    const twice = message('1');
    expect((await store.append([twice, twice])).map(({ outcome }) => outcome)).toEqual([
      'stored',
      'duplicate',
    ]);
  });

  it('distinguishes duplicates from new messages in the same call', async () => {
    const store = open({ schema: newSchema() });
    const first = await store.append(['1', '3'].map((each) => message(each)));
    const all = await store.append(['0', '1', '2', '3', '4'].map((each) => message(each)));
    expect(all.map(({ outcome }) => outcome)).toEqual([
      'stored',
      'duplicate',
      'stored',
      'duplicate',
      'stored',
    ]);
    expect([idOf(all[1]), idOf(all[3])]).toEqual(first.map(idOf));
    expect(await fingerprints(store)).toEqual(['1', '3', '0', '2', '4']);
  });

  it('does not count duplicates when a queue is almost full', async () => {
    const store = open({ schema: newSchema(), maxPerUser: 2 });
    await store.append([message('1')]);
    const results = await store.append(['1', '2', '3'].map((each) => message(each)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['duplicate', 'stored', 'full']);
  });

  it('notices at once that another node has filled a log, and that it has room again', async () => {
    const schema = newSchema();
    const [here, there] = [open({ schema, maxPerUser: 2 }), open({ schema, maxPerUser: 2 })];
    await here.append([message('1')]);
    await there.append([message('2')]);
    expect(await here.append([message('3')])).toEqual([{ outcome: 'full', limit: 'maxPerUser' }]);
    await there.confirm([{ userId: 'bob', positions: [2] }]);
    expect(await here.append([message('3')])).toMatchObject([{ outcome: 'stored', position: 3 }]);
  });

  it('notices within five seconds that another node has filled the store', async () => {
    const schema = newSchema();
    let now = 1_000_000;
    const here = open({ schema, maxTotalBytes: 20_000, wallTime: () => now });
    const there = open({ schema });
    await here.append([message('1')]);
    await there.append(Array.from({ length: 60 }, (_, index) => message(`there-${index}`)));
    now += 5000;
    expect(await here.append([message('3'), message('1')])).toEqual([
      { outcome: 'full', limit: 'maxTotalBytes' },
      { outcome: 'duplicate', id: expect.any(Number), position: 1 },
    ]);
  });

  it.each([0, 60_000])('keeps the total of all bytes, with historyMs %i', async (historyMs) => {
    const schema = newSchema();
    let now = 1_000_000;
    const store = open({ schema, historyMs, maxAgeMs: 1000, rememberMs: 2000, wallTime: () => now });
    await store.putDevice('alice', { id: 'web', kind: 'web', name: '', position: 0, seenAt: 1e15 });
    const names = Array.from({ length: 8 }, (_, index) => `${index}`);
    await store.append(names.map((name, index) => message(name, index > 5 ? { echo: true } : {})));
    const check = async () => {
      const bytes = 'octet_length(body) + octet_length(sender) + octet_length(fingerprint) + 150';
      const [row] = await query<{ kept: string; counted: string }>(
        `SELECT sum(total_bytes) AS kept, (SELECT coalesce(sum(${bytes}), 0) FROM ${schema}.log_message)
           + (SELECT coalesce(sum(${bytes}), 0) FROM ${schema}.dead_letter)
           + 200 * (SELECT count(*) FROM ${schema}.log_key) + 100 * (SELECT count(*) FROM ${schema}.echo) AS counted
         FROM ${schema}.imcore_total`,
      );
      expect(Number(row?.kept)).toBe(Number(row?.counted));
      return Number(row?.kept);
    };
    const all = await check();
    await store.confirm([{ userId: 'bob', positions: [1, 2] }]);
    const confirmed = await check();
    expect(confirmed < all).toBe(historyMs === 0);
    now += 500_000_000;
    const { deadLetters } = await store.expire(now, 10);
    expect(deadLetters).toHaveLength(6);
    await check();
    await store.resend([deadLetters[0]?.id ?? 0, deadLetters[4]?.id ?? 0], now);
    await check();
    await store.confirm([{ userId: 'bob', positions: [4] }]);
    await check();
    await store.discard(deadLetters.slice(2, 4).map(({ id }) => id));
    await check();
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 2 }]);
    await check();
    now += 100_000;
    await store.expire(now, 10);
    await store.expire(now, 10);
    expect(await check()).toBeLessThan(confirmed);
  });

  it('creates its tables once when many nodes start at the same time', async () => {
    const schema = newSchema();
    const nodes = Array.from({ length: 6 }, () => open({ schema }));
    await Promise.all(nodes.map((node) => node.open()));
    expect(await query(`SELECT version FROM ${schema}.imcore_version`)).toEqual([{ version: STEPS.length }]);
  });

  it('rejects a schema of a newer version', async () => {
    const schema = newSchema();
    await open({ schema }).open();
    await query(`UPDATE ${schema}.imcore_version SET version = 99`);
    await expect(open({ schema }).open()).rejects.toMatchObject({
      code: 'ERR_STORE_NEWER',
      message: expect.stringContaining('has version 99, but this imcore supports up to version 5'),
    });
  });

  it('is unhealthy on a read-only server, and reports why', async () => {
    const schema = newSchema();
    await open({ schema }).open();
    const readOnly = open({ schema, url: `${url}?options=-c%20default_transaction_read_only%3Don` });
    expect(await readOnly.health()).toMatchObject({
      ok: false,
      problem: expect.stringContaining('read-only'),
    });
    await expect(readOnly.append([message('1')])).rejects.toMatchObject({
      code: 'ERR_STORE_READ_ONLY',
      message: expect.stringContaining('(25006)'),
    });
  });

  it('says so when its user may not use the schema', async () => {
    const schema = newSchema();
    const role = `${schema}_user`;
    await open({ schema }).open();
    await query(`CREATE ROLE ${role} LOGIN`);
    try {
      const store = open({ schema, url: url.replace('postgres@', `${role}@`) });
      await expect(store.open()).rejects.toMatchObject({
        code: 'ERR_STORE_FAILED',
        message: `PostgreSQL: permission denied for schema ${schema} (42501)`,
      });
    } finally {
      await query(`DROP ROLE ${role}`);
    }
  });

  it('rejects calls while its user may open no further connection, and works when there is room', async () => {
    const schema = newSchema();
    const role = `${schema}_user`;
    await query(
      `CREATE ROLE ${role} LOGIN CONNECTION LIMIT 0; CREATE SCHEMA ${schema} AUTHORIZATION ${role}`,
    );
    try {
      const store = open({ schema, url: url.replace('postgres@', `${role}@`) });
      await expect(store.append([message('1')])).rejects.toMatchObject({
        code: 'ERR_STORE_FAILED',
        message: `PostgreSQL: too many connections for role "${role}" (53300)`,
      });
      expect(await store.health()).toMatchObject({ ok: false, problem: expect.stringContaining('53300') });
      await query(`ALTER ROLE ${role} CONNECTION LIMIT 9`);
      expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
      await store.close();
    } finally {
      await query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
    }
  });

  it('keeps the totals correct when many nodes change them at the same time', async () => {
    const schema = newSchema();
    const nodes = Array.from({ length: 4 }, () => open({ schema, maxConnections: 3 }));
    await Promise.all(
      nodes.map(async (node, index) => {
        for (let round = 0; round < 20; round += 1) {
          const own = Array.from({ length: 5 }, (_, n) =>
            message(`${index}-${round}-${n}`, { to: `to-${n}` }),
          );
          const results = await node.append(own);
          await node.confirm([{ userId: 'to-0', positions: [positionOf(results[0])] }]);
        }
      }),
    );
    const [counted] = await query<{ n: string; bytes: string }>(
      `SELECT count(*) AS n, sum(octet_length(body)) AS bytes FROM ${schema}.log_message`,
    );
    expect(Number(counted?.n)).toBe(4 * 20 * 4);
    expect(await nodes[0]?.health()).toEqual({
      ok: true,
      waiting: 320,
      waitingBytes: Number(counted?.bytes),
      deadLetters: 0,
    });
  });

  it("does not touch another program's table", async () => {
    const schema = newSchema();
    await query(`CREATE SCHEMA ${schema} CREATE TABLE message (words text)`);
    await expect(open({ schema }).open()).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(await query(`SELECT * FROM ${schema}.message`)).toEqual([]);
    expect(await query('SELECT 1 FROM pg_tables WHERE schemaname = $1', [schema])).toHaveLength(1);
  });

  it('opens at most maxConnections', async () => {
    const store = open({ schema: newSchema(), url: `${url}?application_name=imcore_few`, maxConnections: 2 });
    await store.open();
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.count(`user-${index}`)));
    const connections = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'imcore_few'";
    expect(await query(connections)).toHaveLength(2);
    await store.close();
    await expect.poll(() => query(connections)).toHaveLength(0);
  });

  it('rejects calls after close, and can be closed twice', async () => {
    const store = open({ schema: newSchema() });
    await store.open();
    await store.close();
    await store.close();
    await expect(store.append([message('1')])).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
    await expect(store.take('bob', 0, 1)).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
  });

  async function keysOf(schema: string): Promise<number> {
    return (await query(`SELECT 1 FROM ${schema}.log_key`)).length;
  }
});
