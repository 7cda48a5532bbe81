import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll } from 'vitest';

/** The server for these tests. They never stop it or change it outside their own schemas. It needs no password. */
export const url = process.env['IMCORE_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';
export const port = Number(new URL(url).port);

/**
 * Whether a PostgreSQL server is available. Without one the tests are skipped with a warning; in CI they fail.
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

/** Returns new schema names for this test file, and drops the schemas afterwards. */
export function useSchemas(): () => string {
  const prefix = `imcore_test_${randomBytes(6).toString('hex')}`;
  const schemas: string[] = [];
  afterAll(async () => {
    const client = new Client(url);
    await client.connect();
    for (const schema of schemas) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  }, 120_000);
  return () => {
    const schema = `${prefix}_${schemas.length}`;
    schemas.push(schema);
    return schema;
  };
}
