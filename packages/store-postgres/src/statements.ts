import { escapeIdentifier } from 'pg';

/** A statement that each connection parses once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Rows of one insert at most. Other numbers are put together from powers of two: ten statements, at most as many trips. */
export const MAX_INSERT_ROWS = 512;

/** The statements of one store. */
export interface Statements {
  /** Inserts `rows` (a power of two) of receiver, sender, fingerprint, body, accepted_at; gives the ids of the new ones. */
  insert(rows: number): Statement;
  /** Known messages of senders ($1), fingerprints ($2) and receivers ($3): `n` counts from 1, `id`, `confirmed`. */
  readonly find: Statement;
  /** The waiting messages of a receiver ($1) behind an id ($2), at most $3. */
  readonly page: Statement;
  /** Confirms ids ($2) of receivers ($1) at $3: `n` of those that were waiting. */
  readonly confirm: Statement;
  /** Waiting messages of receivers ($1): `n`, `waiting`, `bytes`. */
  readonly count: Statement;
  /** Forgets what was confirmed before $1, at most $2 rows, and none that another node is forgetting. */
  readonly purge: Statement;
}

export function statementsFor(schema: string): Statements {
  const table = `${escapeIdentifier(schema)}.message`;
  return {
    insert: insertInto(table),
    find: {
      name: 'imcore_find',
      text: `SELECT k.n, m.id, m.confirmed_at IS NOT NULL AS confirmed
        FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS k (sender, fingerprint, receiver, n)
        JOIN ${table} AS m ON m.sender = k.sender AND m.fingerprint = k.fingerprint AND m.receiver = k.receiver`,
    },
    page: {
      name: 'imcore_page',
      text: `SELECT id, sender, fingerprint, body, accepted_at FROM ${table}
        WHERE receiver = $1 AND id > $2 AND confirmed_at IS NULL ORDER BY id LIMIT $3`,
    },
    confirm: {
      name: 'imcore_confirm',
      text: `UPDATE ${table} AS m SET confirmed_at = $3, body = NULL
        FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS k (receiver, id, n)
        WHERE m.receiver = k.receiver AND m.id = k.id AND m.confirmed_at IS NULL RETURNING k.n`,
    },
    count: {
      name: 'imcore_count',
      text: `SELECT k.n, (SELECT count(*) FROM ${table} AS m
          WHERE m.receiver = k.receiver AND m.confirmed_at IS NULL) AS waiting,
          (SELECT coalesce(sum(length(body)), 0) FROM ${table} AS m
          WHERE m.receiver = k.receiver AND m.confirmed_at IS NULL) AS bytes
        FROM unnest($1::bytea[]) WITH ORDINALITY AS k (receiver, n)`,
    },
    purge: {
      name: 'imcore_purge',
      text: `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table}
        WHERE confirmed_at < $1 ORDER BY confirmed_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    },
  };
}

/** Multi-row VALUES: faster than `unnest` of arrays. */
function insertInto(table: string): (rows: number) => Statement {
  const made = new Map<number, Statement>();
  return (rows) => {
    const known = made.get(rows);
    if (known !== undefined) return known;
    const values = Array.from({ length: rows }, (_, row) => {
      const at = row * 5;
      return `($${at + 1}, $${at + 2}, $${at + 3}, $${at + 4}, $${at + 5})`;
    });
    const statement = {
      name: `imcore_insert_${rows}`,
      text: `INSERT INTO ${table} (receiver, sender, fingerprint, body, accepted_at) VALUES ${values.join(', ')}
        ON CONFLICT (sender, fingerprint, sha256(receiver)) DO NOTHING RETURNING id`,
    };
    made.set(rows, statement);
    return statement;
  };
}
