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
