import { StoreError } from '@imcore/server/ports';
import { type ClientBase, escapeIdentifier } from 'pg';
import { type ReportProgress, withoutTimeout } from './log-migration.js';
import { STEPS } from './schema-steps.js';
import { hashOf } from './text-key.js';

/** Second number of the advisory lock for migrations; the first is the hash of the schema. Older versions use it, too. */
const SCHEMA_LOCK = -1;

/** SQL that begins the transaction of {@link prepareSchema}. If several nodes start together, one migrates, the others wait. */
export function beginSchema(schema: string): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${hashOf(`imcore:${schema}`) | 0}, ${SCHEMA_LOCK})`;
}

/**
 * Migrates a schema to the newest version, inside the caller's transaction.
 *
 * @throws StoreError `ERR_STORE_NEWER` when it has a newer version.
 */
export async function prepareSchema(
  client: ClientBase,
  schema: string,
  report: ReportProgress = () => {},
): Promise<void> {
  const name = escapeIdentifier(schema);
  if (!(await exists(client, 'SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]))) {
    await client.query(`CREATE SCHEMA ${name}`);
  }
  await client.query(`SET LOCAL search_path TO ${name}`);
  const table = 'SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2';
  if (!(await exists(client, table, [schema, 'imcore_version']))) {
    await client.query('CREATE TABLE imcore_version (version integer NOT NULL)');
    await client.query('INSERT INTO imcore_version VALUES (0)');
  }
  // With the schema's name: without it, a user who may not use the schema would be told that there is no such table.
  const { rows } = await client.query<{ version: number }>(`SELECT version FROM ${name}.imcore_version`);
  const version = rows[0]?.version ?? 0;
  if (version > STEPS.length) {
    throw new StoreError(
      'ERR_STORE_NEWER',
      `schema ${schema} has version ${version}, but this imcore supports up to version ${STEPS.length}: update imcore`,
    );
  }
  if (version === STEPS.length) return;
  await client.query('SET LOCAL statement_timeout = 0');
  for (const step of STEPS.slice(version)) {
    await (typeof step === 'string' ? client.query(withoutTimeout(step)) : step(client, report));
  }
  await client.query('UPDATE imcore_version SET version = $1', [STEPS.length]);
}

async function exists(client: ClientBase, sql: string, values: readonly string[]): Promise<boolean> {
  return (await client.query(sql, [...values])).rows.length > 0;
}
