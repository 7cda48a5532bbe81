import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAN_SETTINGS } from '../src/database.js';
import { postgresStore } from '../src/postgres-store.js';
import type { Statement } from '../src/statement.js';
import { statementsFor } from '../src/statements.js';
import { hasPostgres, url, useSchemas } from './database-under-test.js';
import { message } from './messages.js';

/** Messages in the tables, and messages or users that a statement looks up. */
const [ALL, SOUGHT] = [30_000, 137];
/** Each row is found with a few reads of an index, and changed with a few more. */
const MAX_BUFFERS = 40 * SOUGHT;
/** Users whose logs are looked up, and the pages that are read for one of them, whether something waits or not. */
const USERS = 1000;
const MAX_BUFFERS_OF_USER = 12;

interface Sought {
  readonly receiver: string;
  readonly position: number;
}

/** The time does not grow with the tables, whatever the statistics say. */
describe.runIf(await hasPostgres())('the number of pages that a statement reads', () => {
  const schema = useSchemas()();
  const statements = statementsFor(schema);
  const client = new Client(url);
  const store = postgresStore({ url, schema, maxPerUser: 1_000_000 });
  const numbers = new Map<string, string>();
  let waiting: readonly Sought[] = [];

  beforeAll(async () => {
    await client.connect();
    await client.query(PLAN_SETTINGS);
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
        if (result.outcome === 'stored')
          appended.push({ receiver: messages[n]?.to ?? '', position: result.position });
      }
    }
    const { rows } = await client.query<{ no: string; id: Buffer }>(`SELECT no, id FROM ${schema}.user_log`);
    for (const { no, id } of rows) numbers.set(id.toString(), no);
    return appended;
  }

  /** The pages that a statement reads, with one plan for all values; its changes are undone. */
  async function buffersOf(statement: Statement, values: unknown[]): Promise<number> {
    await client.query('BEGIN; SET LOCAL plan_cache_mode = force_generic_plan');
    try {
      await client.query({ ...statement, values });
      await client.query('ROLLBACK; BEGIN; SET LOCAL plan_cache_mode = force_generic_plan');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>({
        text: `EXPLAIN (ANALYZE, BUFFERS) ${statement.text}`,
        values,
      });
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      return Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1] ?? 0);
    } finally {
      await client.query('ROLLBACK');
    }
  }

  const expectFew = async (name: string, statement: Statement, values: unknown[], most = MAX_BUFFERS) => {
    const buffers = await buffersOf(statement, values);
    expect(buffers, name).toBeLessThan(most);
  };

  async function expectFewBuffers(): Promise<void> {
    const { taking, dead, read, removal, user } = statements;
    const some = waiting.slice(-SOUGHT);
    const receivers = some.map(({ receiver }) => Buffer.from(receiver));
    const own = some.map(({ receiver }) => numbers.get(receiver));
    const positions = some.map(({ position }) => position);
    const keys = some.map((_, n) => n.toString(16).padStart(32, '0'));
    await expectFew('confirm', taking.confirm, [receivers, positions, 1]);
    await expectFew('confirm beside devices', taking.confirmBesideDevices, [own, positions, 1]);
    await expectFew('lock', taking.lock, [receivers]);
    await expectFew('advance', taking.advance, [own, receivers, positions]);
    await expectFew('find', read.find, [keys]);
    await expectFew('overdue', dead.overdue, [1e15, SOUGHT]);
    await expectFew('die', dead.die, [own, positions, 1, 'expired']);
    await expectFew('removable', removal.removable, [own, 10]);
    await expectFew('trimmable', removal.trimmable, [own, 10, 10]);
    await expectFew('remove messages', removal.removeMessages, [own, positions, 1]);
    await expectFew('remove echoes', removal.removeEchoes, [own, positions]);
    await expectFew('settle', removal.settle, [own, [], 10]);
    await expectFew('purge', removal.purge, [1e15, SOUGHT]);
    await expectFew('forget', removal.forget, [1, 64]);
    await expectFew('append', statements.append(128, false), [100, 1e9, 1e9, 1e9, ...appendValues(false)]);
    await expectFew('append with options', statements.append(128, true), [
      ...[100, 1e9, 1e9, 1e9, 101, true],
      ...appendValues(true),
    ]);
    await expectFew('known users', user.known, [receivers]);
    await expectFew('history', user.history, [receivers[0], receivers[1], 1, 10], MAX_BUFFERS_OF_USER);
  }

  /** The values of 128 new messages. */
  function appendValues(hasOptions: boolean): unknown[] {
    return Array.from({ length: 128 }, (_, n) => [
      Buffer.from(`user-${n % 100}`),
      (2 ** 40 + n).toString(16).padStart(32, 'f'),
      Buffer.from('user-1000'),
      ...[Buffer.from('fp'), Buffer.from('body'), 1],
      ...(hasOptions ? [0] : []),
    ]).flat();
  }

  /** Looks up one user and many users, who have read their logs to the end, or have none. */
  async function expectFewBuffersWhereNothingWaits(): Promise<void> {
    const { whichWait, take, read, count } = statements.read;
    const lasts = new Map(waiting.map(({ receiver, position }) => [receiver, position]));
    const names = Array.from({ length: USERS }, (_, n) => `user-${n}`);
    const users = names.map((name) => Buffer.from(name));
    const last = Math.max(...lasts.values());
    await expectFew(
      'whichWait',
      whichWait,
      [users, users.map(() => last), users.map(() => false)],
      MAX_BUFFERS_OF_USER * USERS,
    );
    await expectFew('whichWait of none', whichWait, [users.slice(-1), [0], [false]], MAX_BUFFERS_OF_USER);
    await expectFew('whichWait of one', whichWait, [users.slice(0, 1), [last], [false]], MAX_BUFFERS_OF_USER);
    await expectFew('take', take, [users[0], last, 64], 2 * MAX_BUFFERS_OF_USER);
    await expectFew('read', read, [users[0], last, 64], 2 * MAX_BUFFERS_OF_USER);
    await expectFew('count', count, [users[0]], MAX_BUFFERS_OF_USER);
  }

  /** A user for whom much waits: what is read does not grow with the log. */
  async function expectFewBuffersOfLongLog(userId: string): Promise<void> {
    const { read, taking } = statements;
    const long = Buffer.from(userId);
    await store.append(Array.from({ length: 4000 }, (_, n) => message(`${n}`, { to: userId, from: 'bob' })));
    const most = 100;
    await expectFew('take of a long log', read.take, [long, 0, 16], most);
    await expectFew('read of a long log', read.read, [long, 0, 16], most);
    await expectFew('oldest of a long log', read.oldest, [long, 0, 16], most);
    await expectFew('whichWait of a long log', read.whichWait, [[long], [0], [false]], most);
    await expectFew('confirm in a long log', taking.confirm, [[long], [1], 1], most);
    await expectFew('confirm behind in a long log', taking.confirm, [[long], [3000], 1], most);
  }

  it('stays small before the tables were analyzed', async () => {
    waiting = await append('first', ALL);
    await store.append([message('1', { to: 'user-1000' })]);
    expect(waiting).toHaveLength(ALL);
    await expectFewBuffers();
    await expectFewBuffersWhereNothingWaits();
    await expectFewBuffersOfLongLog('user-long');
  });

  it('stays small when the statistics say that nothing waits', async () => {
    const byReceiver = new Map<string, number[]>();
    for (const { receiver, position } of waiting) {
      byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), position]);
    }
    byReceiver.set(
      'user-long',
      Array.from({ length: 4000 }, (_, n) => n + 1),
    );
    await store.confirm([...byReceiver].map(([userId, positions]) => ({ userId, positions })));
    await client.query(
      `ANALYZE ${schema}.log_message, ${schema}.log_state, ${schema}.user_log, ${schema}.log_key`,
    );
    await expectFewBuffersWhereNothingWaits();
    waiting = await append('second', SOUGHT);
    await expectFewBuffers();
    await expectFewBuffersWhereNothingWaits();
    await expectFewBuffersOfLongLog('user-later');
  });

  it('stays small when the statistics say that logs are short', async () => {
    await client.query(`TRUNCATE ${schema}.log_message, ${schema}.log_key`);
    const users = Array.from({ length: 2000 }, (_, n) => `short-${n % 500}`);
    await store.append(users.map((to, n) => message(`${n}`, { to })));
    await client.query(`VACUUM ANALYZE ${schema}.log_message, ${schema}.log_state, ${schema}.user_log`);
    await expectFewBuffersOfLongLog('user-last');
  });
});
