import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll } from 'vitest';

/** The server that these tests use, and never stop or change outside their own schemas. It trusts this machine. */
export const url = process.env['IMCORE_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';
export const port = Number(new URL(url).port);

/**
 * Whether there is a PostgreSQL to test with. Where there is none the tests are skipped and say so, except in CI,
 * where they fail.
 */
export async function hasPostgres(): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (process.env['CI'] === 'true') throw new Error(`CI has no PostgreSQL at ${url}: ${reason}`);
    console.warn(`SKIPPED: no PostgreSQL at ${url}: ${reason}`);
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Runs one statement beside the stores. */
export async function query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Names schemas of this test file, and drops them when it is done. */
export function useSchemas(): () => string {
  const prefix = `imcore_test_${randomBytes(6).toString('hex')}`;
  const schemas: string[] = [];
  afterAll(async () => {
    for (const schema of schemas) await query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  });
  return () => {
    const schema = `${prefix}_${schemas.length}`;
    schemas.push(schema);
    return schema;
  };
}
