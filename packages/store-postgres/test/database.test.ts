import { afterEach, describe, expect, it } from 'vitest';
import { Database } from '../src/database.js';
import { hasPostgres, url } from './database-under-test.js';

describe.runIf(await hasPostgres())('Database on PostgreSQL', () => {
  const databases: Database[] = [];
  const open = (parameters = ''): Database => {
    const database = new Database({
      url: `${url}?${parameters}`,
      connection: undefined,
      maxConnections: 1,
      connectTimeoutMs: 5000,
      statementTimeoutMs: 300,
    });
    databases.push(database);
    return database;
  };
  afterEach(async () => {
    for (const database of databases.splice(0)) await database.close();
  });

  it("commits synchronously even if the role's default is different", async () => {
    const { rows } = await open('options=-c%20synchronous_commit%3Doff').run((client) =>
      client.query('SHOW synchronous_commit'),
    );
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });

  it.each(['40P01', '40001'])(
    'retries a transaction that the database rolled back with %s, and no other failure',
    async (code) => {
      const raised: string[] = [];
      const work = (sqlState: string, times: number) =>
        open().run(async (client) => {
          raised.push(sqlState);
          if (raised.length > times) return 'done';
          return client.query(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${sqlState}'; END $$`);
        });
      expect(await work(code, 2)).toBe('done');
      expect(raised).toHaveLength(3);
      raised.length = 0;
      await expect(work(code, 9)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
      expect(raised).toHaveLength(3);
      raised.length = 0;
      await expect(work('23505', 1)).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
      expect(raised).toHaveLength(1);
    },
  );

  it('cancels a statement that takes too long, and works afterwards', async () => {
    const database = open();
    await expect(database.run((client) => client.query('SELECT pg_sleep(60)'))).rejects.toThrow(
      /statement timeout/,
    );
    expect((await database.run((client) => client.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }]);
  });

  it('rolls back a transaction that failed', async () => {
    const database = open();
    const table = `imcore_undone_${process.pid}`;
    const failed = database.transaction('BEGIN', async (client) => {
      await client.query(`CREATE TABLE ${table} (n integer)`);
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow(/changed my mind/);
    const { rows } = await database.run((client) => client.query('SELECT to_regclass($1) AS found', [table]));
    expect(rows).toEqual([{ found: null }]);
  });
});
