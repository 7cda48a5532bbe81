import { StoreError } from '@imcore/server/ports';
import { type ClientBase, escapeIdentifier } from 'pg';
import { hashOf } from './text-key.js';

/**
 * The steps from nothing to the newest schema; the table `imcore_version` says how many were taken. A step is never
 * changed once released.
 *
 * `id` is in the order of arrival for each receiver, so that a mailbox is a range of the index on the receiver. A
 * confirmed message keeps its row without its body for a while, so that a late copy is known. The receiver is in the
 * key as a hash, because three of the longest ids would not fit into a row of an index; nobody can make two ids of the
 * same SHA-256, which would keep one of them from being stored.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE message (
     id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
     receiver bytea NOT NULL,
     sender bytea NOT NULL,
     fingerprint bytea NOT NULL,
     body bytea,
     accepted_at bigint NOT NULL,
     confirmed_at bigint
   );
   CREATE UNIQUE INDEX message_key ON message (sender, fingerprint, sha256(receiver));
   CREATE INDEX message_waiting ON message (receiver, id) WHERE confirmed_at IS NULL;
   CREATE INDEX message_confirmed ON message (confirmed_at) WHERE confirmed_at IS NOT NULL;`,
];

/** Advisory locks have two numbers: this one is the schema's, the other says what is locked in it. */
export function lockClassOf(schema: string): number {
  return hashOf(`imcore:${schema}`) | 0;
}

/** The lock of whoever changes the schema. Those of receivers are not negative. */
const SCHEMA_LOCK = -1;

/** Begins the transaction of {@link prepareSchema}: one node of those that start together does it, the others wait. */
export function beginSchema(schema: string): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lockClassOf(schema)}, ${SCHEMA_LOCK})`;
}

/**
 * Brings a schema to the newest version, inside the caller's transaction.
 *
 * @throws StoreError `ERR_STORE_FAILED` when it belongs to a newer version.
 */
export async function prepareSchema(client: ClientBase, schema: string): Promise<void> {
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
  const { rows } = await client.query<{ version: number }>('SELECT version FROM imcore_version');
  const version = rows[0]?.version ?? 0;
  if (version > STEPS.length) {
    throw new StoreError(
      'ERR_STORE_FAILED',
      `the schema ${schema} has version ${version}, this version knows up to ${STEPS.length}: update imcore`,
    );
  }
  if (version === STEPS.length) return;
  for (const step of STEPS.slice(version)) await client.query(step);
  await client.query('UPDATE imcore_version SET version = $1', [STEPS.length]);
}

async function exists(client: ClientBase, sql: string, values: readonly string[]): Promise<boolean> {
  return (await client.query(sql, [...values])).rows.length > 0;
}
