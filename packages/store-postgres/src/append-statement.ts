import type { Statement } from './statement.js';

/** Maximum messages of one append statement. Statements are padded to powers of two with empty rows. */
export const MAX_APPEND_ROWS = 2048;

/** Values before those of the messages: the lock class, the locks, whether history is kept. */
const FIRST_VALUES = 3;
const VALUES_OF_ROW = 5;

/**
 * An append in one round trip; run alone it is its own transaction. It takes the receivers' locks ($1, $2), inserts the
 * messages in order ($3: `kept`; then receiver, sender, fingerprint, body, accepted_at of each), adds them to the totals
 * (`totalOf`: what one row takes) and returns the ids of the new ones.
 *
 * No row is inserted, and no id assigned, before all locks are taken: each insert needs the row of `gate`. Multi-row
 * VALUES are faster than `unnest` of arrays.
 */
export function appendStatement(
  table: string,
  addFresh: string,
  totalOf: string,
): (rows: number) => Statement {
  const made = new Map<number, Statement>();
  return (rows) => {
    const known = made.get(rows);
    if (known !== undefined) return known;
    const statement = { name: `imcore_append_${rows}`, text: textOf(table, addFresh, totalOf, rows) };
    made.set(rows, statement);
    return statement;
  };
}

/** The statement's values for these rows, each of receiver, sender, fingerprint, body, accepted_at. */
export function appendValues(
  lockClass: number,
  locks: readonly number[],
  isKept: boolean,
  rows: readonly (readonly [Buffer, Buffer, Buffer, Buffer, number])[],
): { readonly size: number; readonly values: unknown[] } {
  const size = 2 ** Math.ceil(Math.log2(rows.length));
  const values: unknown[] = [lockClass, locks, isKept, ...rows.flat()];
  for (let row = rows.length; row < size; row += 1) values.push(null, null, null, null, null);
  return { size, values };
}

function textOf(table: string, addFresh: string, totalOf: string, rows: number): string {
  const values = Array.from({ length: rows }, (_, row) => {
    const at = FIRST_VALUES + row * VALUES_OF_ROW;
    return `(${row}, $${at + 1}::bytea, $${at + 2}::bytea, $${at + 3}::bytea, $${at + 4}::bytea, $${at + 5}::bigint)`;
  });
  return `WITH locked AS MATERIALIZED (
      SELECT pg_advisory_xact_lock($1::integer, n) IS NULL AS is_locked FROM unnest($2::integer[]) AS n),
    gate AS MATERIALIZED (SELECT count(is_locked) AS locks FROM locked),
    fresh AS (
      INSERT INTO ${table} (receiver, sender, fingerprint, body, accepted_at, since, bytes, kept)
      SELECT v.receiver, v.sender, v.fingerprint, v.body, v.accepted_at, v.accepted_at, octet_length(v.body), $3::boolean
      FROM (VALUES ${values.join(', ')}) AS v (n, receiver, sender, fingerprint, body, accepted_at), gate
      WHERE v.receiver IS NOT NULL AND gate.locks >= 0 ORDER BY v.n
      ON CONFLICT (sender, fingerprint, sha256(receiver)) DO NOTHING RETURNING id, bytes, ${totalOf} AS total),
    added AS (${addFresh})
    SELECT id FROM fresh ORDER BY id`;
}
