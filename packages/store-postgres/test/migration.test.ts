import { afterEach, describe, expect, it } from 'vitest';
import type { PostgresStore, PostgresStoreOptions } from '../src/options.js';
import { postgresStore } from '../src/postgres-store.js';
import { STEPS } from '../src/schema-steps.js';
import { toFingerprintKey } from '../src/text-key.js';
import { hasPostgres, query, url, useSchemas } from './database-under-test.js';
import { message } from './messages.js';

/** A row of the table of versions 2 to 4. */
interface OldRow {
  readonly to?: string;
  readonly from?: string;
  /** Without a digest of the body, as version 1 wrote it. */
  readonly fingerprint: string;
  readonly body: string | null;
  readonly at: number;
  readonly confirmedAt?: number;
  readonly diedAt?: number;
  readonly kept?: boolean;
}

describe.runIf(await hasPostgres())('the migration of queues to logs', () => {
  const newSchema = useSchemas();
  const stores: PostgresStore[] = [];
  const open = (options: PostgresStoreOptions): PostgresStore => {
    const store = postgresStore({ url, ...options });
    stores.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  /** A schema of version 4 with these rows, and the totals of them. */
  async function makeVersion4(rows: readonly OldRow[], fill = ''): Promise<string> {
    const schema = newSchema();
    const steps = STEPS.slice(0, 4).filter((step) => typeof step === 'string');
    await query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema};
      CREATE TABLE imcore_version (version integer NOT NULL); INSERT INTO imcore_version VALUES (4);
      ${steps.join(';')}; ${fill}`);
    for (const { to = 'bob', from = 'alice', fingerprint, body, at, confirmedAt, diedAt, kept } of rows) {
      await query(
        `INSERT INTO ${schema}.message (receiver, sender, fingerprint, body, accepted_at, confirmed_at, since, bytes, died_at, cause, kept)
         VALUES (convert_to($1, 'UTF8'), convert_to($2, 'UTF8'), convert_to($3, 'UTF8'), convert_to($4, 'UTF8'), $5::bigint, $6::bigint, $5::bigint,
           coalesce(octet_length($4::text), 0), $7::bigint, CASE WHEN $7::bigint IS NOT NULL THEN 'expired' END, $8::boolean)`,
        [to, from, fingerprint, body, at, confirmedAt ?? null, diedAt ?? null, kept === true],
      );
    }
    return schema;
  }

  it('makes entries 1, 2, 3 … of waiting messages, in their order, and keeps their numbers', async () => {
    const schema = await makeVersion4([
      { fingerprint: '1', body: 'one', at: 5 },
      { fingerprint: 'c', body: 'for carol', at: 6, to: 'carol' },
      { fingerprint: '2', body: null, at: 6, confirmedAt: 9 },
      { fingerprint: '3', body: 'three', at: 4 },
    ]);
    const store = open({ schema, maxAgeMs: 100 });
    expect(await store.take('bob', 0, 10)).toEqual({
      entries: [
        { ...message('1', { body: 'one', acceptedAt: 5 }), id: 1, position: 1, kind: 'message' },
        { ...message('3', { body: 'three', acceptedAt: 4 }), id: 4, position: 2, kind: 'message' },
      ],
      removed: 0,
      last: 2,
      hasNamedDevice: false,
    });
    expect(await store.devices('bob')).toEqual([]);
    expect(await store.health()).toEqual({ ok: true, waiting: 3, waitingBytes: 17, deadLetters: 0 });
    expect(await store.count('carol')).toEqual({ messages: 1, bytes: 9 });
    const [appended] = await store.append([message('new', { acceptedAt: 1000 })]);
    expect(appended).toMatchObject({ outcome: 'stored', position: 3 });
    expect(appended?.outcome === 'stored' && appended.id > 4).toBe(true);
    const { deadLetters } = await store.expire(106, 10);
    expect(deadLetters).toMatchObject([{ fingerprint: '3' }, { fingerprint: '1' }]);
  });

  it('keeps dead letters with their numbers, and resends them to the end', async () => {
    const schema = await makeVersion4([
      { fingerprint: 'dead', body: 'old', at: 1, diedAt: 7 },
      { fingerprint: '1', body: 'one', at: 5 },
    ]);
    const store = open({ schema });
    expect(await store.deadLetters(0, 10)).toEqual([
      { ...message('dead', { body: 'old' }), id: 1, messageId: 1, cause: 'expired', deadLetteredAt: 7 },
    ]);
    expect(await store.resend([1], 10)).toBe(1);
    expect(await store.take('bob', 0, 10)).toMatchObject({
      entries: [
        { fingerprint: '1', position: 1 },
        { fingerprint: 'dead', position: 2, id: 1 },
      ],
    });
    expect((await store.health()).deadLetters).toBe(0);
  });

  it('keeps the history, its conversations, and how long it is kept', async () => {
    const schema = await makeVersion4([
      { fingerprint: '1', body: 'one', at: 5, confirmedAt: 1000, kept: true },
      { fingerprint: '2', body: 'two', at: 6, to: 'alice', from: 'bob', kept: true },
    ]);
    const store = open({ schema, historyMs: 60_000, rememberMs: 0, wallTime: () => 2000 });
    const query = { a: 'alice', b: 'bob', limit: 10 };
    expect((await store.history(query)).map(({ id, to }) => `${id} ${to}`)).toEqual(['2 alice', '1 bob']);
    expect(await store.conversations({ userId: 'alice', limit: 10 })).toMatchObject([
      { with: 'bob', last: { fingerprint: '2' }, waiting: 1 },
    ]);
    await store.expire(61_001, 10);
    expect((await store.history(query)).map(({ id }) => id)).toEqual([2]);
  });

  it('recognizes what was confirmed, until it is forgotten', async () => {
    // The key of a message of version 4 has a digest; that of version 1 has none, so its copies are stored again.
    const own = message('2', { body: 'two' });
    const old = await makeVersion4([{ fingerprint: '1', body: null, at: 6, confirmedAt: 1000 }]);
    await query(
      `INSERT INTO ${old}.message (receiver, sender, fingerprint, accepted_at, confirmed_at, since, bytes)
       VALUES ('bob', 'alice', $1, 6, 1000, 6, 3)`,
      [toFingerprintKey('2', own.body)],
    );
    const store = open({ schema: old, rememberMs: 500, wallTime: () => 1100 });
    expect(await store.append([own])).toMatchObject([{ outcome: 'duplicate', position: undefined }]);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
    await store.expire(1500, 10);
    expect(await store.append([own])).toMatchObject([{ outcome: 'stored' }]);
  });

  it('counts the bytes of all that it has moved', async () => {
    const schema = await makeVersion4([
      { fingerprint: '1', body: 'one', at: 5 },
      { fingerprint: '2', body: 'two', at: 5, diedAt: 9 },
      { fingerprint: '3', body: null, at: 5, confirmedAt: 9 },
    ]);
    await open({ schema }).open();
    // Two messages of 3 + 5 + 1 + 150 bytes, and three keys of 200.
    expect(await query(`SELECT sum(total_bytes)::integer AS bytes FROM ${schema}.imcore_total`)).toEqual([
      { bytes: 2 * 159 + 600 },
    ]);
  });

  it('reports its progress, and older versions are rejected afterwards', async () => {
    const many = `INSERT INTO message (receiver, sender, fingerprint, body, accepted_at, since, bytes)
      SELECT convert_to('user-' || n % 5000, 'UTF8'), 'alice', convert_to(n::text, 'UTF8'), 'body', n, n, 4 FROM generate_series(1, 20000) AS n`;
    const schema = await makeVersion4([], many);
    const progress: { done: number; total: number }[] = [];
    const store = open({ schema, onProgress: (each) => progress.push(each) });
    await store.open();
    expect(progress.length).toBeGreaterThan(3);
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
    expect(progress.at(-1)).toEqual({ done: 40_000, total: 40_000 });
    expect(await store.health()).toMatchObject({ waiting: 20_000 });
    expect((await store.take('user-7', 0, 10)).entries.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    expect(await query(`SELECT version FROM ${schema}.imcore_version`)).toEqual([{ version: STEPS.length }]);
    await expect(query(`SELECT 1 FROM ${schema}.message`)).rejects.toThrow(/does not exist/);
  });

  it('changes nothing if it fails', async () => {
    const schema = await makeVersion4([{ fingerprint: '1', body: 'one', at: 5 }]);
    await query(`CREATE TABLE ${schema}.thread (words text)`);
    await expect(open({ schema }).open()).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(await query(`SELECT version FROM ${schema}.imcore_version`)).toEqual([{ version: 4 }]);
    expect(await query(`SELECT 1 FROM ${schema}.message`)).toHaveLength(1);
  });
});
