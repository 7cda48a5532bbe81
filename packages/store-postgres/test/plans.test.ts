import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresStore } from '../src/postgres-store.js';
import { type Statements, statementsFor } from '../src/statements.js';
import { hasPostgres, url, useSchemas } from './database-under-test.js';
import { message } from './messages.js';

const BOB = Buffer.from('bob');

/** Each must use its own index, also on a table that was never analyzed. */
describe.runIf(await hasPostgres())('the plans of statements on a new table', () => {
  const schema = useSchemas()();
  const client = new Client(url);

  beforeAll(async () => {
    const store = postgresStore({ url, schema });
    await store.append(Array.from({ length: 2000 }, (_, n) => message(`${n}`, { to: `user-${n}` })));
    await store.close();
    await client.connect();
    await client.query('SET enable_seqscan = off');
  });
  afterAll(() => client.end());

  const cases: readonly [keyof Omit<Statements, 'append'>, unknown[], string][] = [
    ['count', [[BOB]], 'message_waiting'],
    ['page', [BOB, 0, 16], 'message_waiting'],
    ['oldest', [BOB, 0, 16], 'message_waiting'],
    ['confirm', [[BOB], [1], 1], 'message_waiting'],
    ['whichWait', [[BOB], [0]], 'message_waiting'],
    ['find', [[BOB], [BOB], [BOB]], 'message_key'],
    ['expire', [1, 500, 1], 'message_since'],
    ['dead', [0, 10], 'message_dead'],
    ['purge', [1, 1000], 'message_confirmed'],
    ['unkeep', [1, 1000], 'message_kept'],
    ['history', [BOB, BOB, 1, 10], 'message_history'],
  ];

  it.each(cases)('%s uses its index', async (name, values, index) => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>({
      text: `EXPLAIN ${statementsFor(schema)[name].text}`,
      values,
    });
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(new RegExp(` using ${index} on |Index Scan on ${index} `));
  });
});

/** Messages in the table, and messages that a statement looks up in it. */
const [ALL, SOUGHT] = [30_000, 137];

/** Each row is found with a few reads of an index, and changed with a few more. */
const MAX_BUFFERS = 30 * SOUGHT;

/** Users whose queues are looked up, and the pages that are read for one of them, whether something waits or not. */
const USERS = 1000;
const MAX_BUFFERS_OF_USER = 6;

interface Sought {
  readonly receiver: string;
  readonly id: number;
  readonly fingerprint: string;
}

/** The time does not grow with the table, whatever the statistics say. */
describe.runIf(await hasPostgres())('the number of pages that a statement reads', () => {
  const schema = useSchemas()();
  const client = new Client(url);
  const store = postgresStore({ url, schema });
  let waiting: readonly Sought[] = [];

  beforeAll(async () => {
    await client.connect();
    await client.query('SET enable_seqscan = off; SET jit = off');
  });
  afterAll(async () => {
    await client.end();
    await store.close();
  });

  /** Appends so many messages, of 100 receivers, with fingerprints that begin with `prefix`. */
  async function append(prefix: string, count: number): Promise<readonly Sought[]> {
    const appended: Sought[] = [];
    for (let first = 0; first < count; first += 2000) {
      const size = Math.min(2000, count - first);
      const messages = Array.from({ length: size }, (_, n) =>
        message(`${prefix}${first + n}`, { to: `user-${(first + n) % 100}` }),
      );
      const results = await store.append(messages);
      for (const [n, result] of results.entries()) {
        const { to = '', fingerprint = '' } = messages[n] ?? {};
        if (result.outcome === 'stored') appended.push({ receiver: to, id: result.id, fingerprint });
      }
    }
    return appended;
  }

  /** The pages that a statement reads; its changes are undone. */
  async function buffersOf(name: keyof Omit<Statements, 'append'>, values: unknown[]): Promise<number> {
    await client.query('BEGIN');
    try {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>({
        text: `EXPLAIN (ANALYZE, BUFFERS) ${statementsFor(schema)[name].text}`,
        values,
      });
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      return Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1]);
    } finally {
      await client.query('ROLLBACK');
    }
  }

  async function expectFewBuffers(): Promise<void> {
    const some = waiting.slice(-SOUGHT);
    const receivers = some.map(({ receiver }) => Buffer.from(receiver));
    const ids = some.map(({ id }) => id);
    const fingerprints = some.map(({ fingerprint }) => Buffer.from(fingerprint));
    const senders = some.map(() => Buffer.from('alice'));
    expect(await buffersOf('confirm', [receivers, ids, 1])).toBeLessThan(MAX_BUFFERS);
    expect(await buffersOf('displace', [receivers, ids, 1])).toBeLessThan(MAX_BUFFERS);
    expect(await buffersOf('find', [senders, fingerprints, receivers])).toBeLessThan(MAX_BUFFERS);
    expect(await buffersOf('expire', [1e15, SOUGHT, 1])).toBeLessThan(MAX_BUFFERS);
  }

  /** Looks up one user and many users, who have read their queues to the end, or have none. */
  async function expectFewBuffersWhereNothingWaits(): Promise<void> {
    const last = waiting.at(-1)?.id ?? 0;
    const users = Array.from({ length: USERS }, (_, n) => Buffer.from(`user-${n}`));
    expect(await buffersOf('whichWait', [users, users.map(() => last)])).toBeLessThan(
      MAX_BUFFERS_OF_USER * USERS,
    );
    expect(await buffersOf('whichWait', [users.slice(-1), [0]])).toBeLessThan(MAX_BUFFERS_OF_USER);
    expect(await buffersOf('whichWait', [users.slice(0, 1), [last]])).toBeLessThan(MAX_BUFFERS_OF_USER);
  }

  it('stays small before the table was analyzed', async () => {
    waiting = await append('first', ALL);
    expect(waiting).toHaveLength(ALL);
    await expectFewBuffers();
    await expectFewBuffersWhereNothingWaits();
  });

  it('stays small when the statistics say that nothing waits', async () => {
    const byReceiver = new Map<string, number[]>();
    for (const { receiver, id } of waiting) {
      byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), id]);
    }
    await store.confirm([...byReceiver].map(([userId, ids]) => ({ userId, ids })));
    await client.query(`ANALYZE ${schema}.message`);
    await expectFewBuffersWhereNothingWaits();
    waiting = await append('second', SOUGHT);
    await expectFewBuffers();
    await expectFewBuffersWhereNothingWaits();
  });
});
