import { escapeIdentifier } from 'pg';
import { appendStatement } from './append-statement.js';
import type { Statement } from './statement.js';

/** A row of `page`, `dead`, `history`, `expire` and `displace`. */
export interface MessageRow {
  readonly id: string;
  readonly receiver: Buffer;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  readonly body: Buffer;
  readonly accepted_at: string;
}

/** The statements of one store. Those that change totals do it last, so that there is no deadlock. */
export interface Statements {
  /** Locks receivers and appends up to `rows` messages (a power of two): see {@link appendStatement}. */
  append(rows: number): Statement;
  /** Known messages of senders ($1), fingerprints ($2) and receivers ($3): `n` (starts at 1), `id`, `waits`. */
  readonly find: Statement;
  /** The waiting messages of a receiver ($1) after an id ($2), at most $3. */
  readonly page: Statement;
  /** As `page`, with only `id` and `bytes`. */
  readonly oldest: Statement;
  /** Confirms ids ($2) of receivers ($1) at $3: `n` and `bytes` of those that were waiting. */
  readonly confirm: Statement;
  /** Sizes of the queues of receivers ($1): `n`, `waiting`, `bytes`. */
  readonly count: Statement;
  /** Deletes messages confirmed until $1, at most $2 rows, and none that another node is deleting. */
  readonly purge: Statement;
  /** Removes messages confirmed until $1 from the history, at most $2 rows. */
  readonly unkeep: Statement;
  /** Turns messages that have waited since before $1 into dead letters, at most $2, at $3. */
  readonly expire: Statement;
  /** Turns ids ($2) of receivers ($1), displaced by newer messages, into dead letters at $3. */
  readonly displace: Statement;
  /** Dead letters after an id ($1), at most $2; in `deadOf` those of a receiver ($3). */
  readonly dead: Statement;
  readonly deadOf: Statement;
  /** Dead letters with these ids ($1): `id`, `receiver`, `bytes`. */
  readonly findDead: Statement;
  /** Returns one dead letter ($1) to its queue, waiting since $2. */
  readonly resend: Statement;
  /** Turns dead letters ($1) into confirmed messages without a body, at $2. */
  readonly discard: Statement;
  /** Deletes the $1 oldest dead letters and returns them as `dead` does. */
  readonly trim: Statement;
  /** Messages between $1 and $2 older than $3, at most $4. */
  readonly history: Statement;
  /** `waiting`, `bytes`, `dead` of all users, and the server's state: `is_read_only`, `fsync`. */
  readonly totals: Statement;
}

const WAITS = 'confirmed_at IS NULL AND died_at IS NULL';
const IS_DEAD = 'died_at IS NOT NULL';
const FIELDS = 'id, receiver, sender, fingerprint, body, accepted_at';
const FIELDS_OF_M = FIELDS.replace(/\w+/g, 'm.$&');

export function statementsFor(schema: string): Statements {
  const table = `${escapeIdentifier(schema)}.message`;
  const total = `${escapeIdentifier(schema)}.imcore_total`;
  const named = (name: string, text: string): Statement => ({ name: `imcore_${name}`, text });
  /** Part of a statement that adds to the totals. Each connection has its shard. */
  const add = (waiting: string, bytes: string, dead: string): string =>
    `UPDATE ${total} SET waiting = waiting + ${waiting}, waiting_bytes = waiting_bytes + ${bytes},
       dead = dead + ${dead} WHERE shard = pg_backend_pid() % 64`;
  const countOf = (rows: string): string => `(SELECT count(*) FROM ${rows})`;
  const bytesOf = (rows: string): string => `(SELECT coalesce(sum(bytes), 0) FROM ${rows})`;
  /** Parts of a statement that turn messages into dead letters and change the totals. */
  const addDeadLetters = (cause: string, from: string): string => `moved AS (
      UPDATE ${table} AS m SET died_at = $3, cause = '${cause}' FROM ${from} AS k
      WHERE m.receiver = k.receiver AND m.id = k.id AND m.confirmed_at IS NULL AND m.died_at IS NULL
      RETURNING ${FIELDS_OF_M}, m.bytes, m.since),
    added AS (${add(`-${countOf('moved')}`, `-${bytesOf('moved')}`, countOf('moved'))})`;
  return {
    append: appendStatement(table, add(countOf('fresh'), bytesOf('fresh'), '0')),
    find: named(
      'find',
      `SELECT k.n, m.id, m.confirmed_at IS NULL AND m.died_at IS NULL AS waits
       FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS k (sender, fingerprint, receiver, n)
       JOIN ${table} AS m ON m.sender = k.sender AND m.fingerprint = k.fingerprint AND m.receiver = k.receiver`,
    ),
    page: named(
      'page',
      `SELECT ${FIELDS} FROM ${table} WHERE receiver = $1 AND id > $2 AND ${WAITS} ORDER BY id LIMIT $3`,
    ),
    oldest: named(
      'oldest',
      `SELECT id, bytes FROM ${table} WHERE receiver = $1 AND id > $2 AND ${WAITS} ORDER BY id LIMIT $3`,
    ),
    confirm: named(
      'confirm',
      `WITH k AS MATERIALIZED (SELECT * FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS k (receiver, id, n)),
       waited AS (
         UPDATE ${table} AS m SET confirmed_at = $3, body = CASE WHEN m.kept THEN m.body END FROM k
         WHERE m.receiver = k.receiver AND m.id = k.id AND m.confirmed_at IS NULL AND m.died_at IS NULL
         RETURNING k.n, m.bytes),
       died AS (
         UPDATE ${table} AS m
         SET confirmed_at = $3, body = CASE WHEN m.kept THEN m.body END, died_at = NULL, cause = NULL
         FROM (SELECT * FROM k WHERE n NOT IN (SELECT n FROM waited)) AS k
         WHERE m.receiver = k.receiver AND m.id = k.id AND m.died_at IS NOT NULL RETURNING 1),
       added AS (${add(`-${countOf('waited')}`, `-${bytesOf('waited')}`, `-${countOf('died')}`)})
       SELECT n, bytes FROM waited`,
    ),
    count: named(
      'count',
      `SELECT k.n, w.waiting, w.bytes FROM unnest($1::bytea[]) WITH ORDINALITY AS k (receiver, n),
       LATERAL (SELECT count(*) AS waiting, coalesce(sum(bytes), 0) AS bytes FROM ${table} AS m
         WHERE m.receiver = k.receiver AND m.confirmed_at IS NULL AND m.died_at IS NULL) AS w`,
    ),
    purge: named(
      'purge',
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table}
       WHERE confirmed_at <= $1 ORDER BY confirmed_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    ),
    unkeep: named(
      'unkeep',
      `UPDATE ${table} SET body = NULL, kept = false WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table}
       WHERE kept AND confirmed_at + 0 <= $1 ORDER BY confirmed_at + 0 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    ),
    expire: named(
      'expire',
      `WITH due AS MATERIALIZED (SELECT receiver, id FROM ${table} WHERE since >= 0 AND since < $1 AND ${WAITS}
         ORDER BY since, id LIMIT $2 FOR UPDATE SKIP LOCKED),
       ${addDeadLetters('expired', 'due')}
       SELECT ${FIELDS} FROM moved ORDER BY since, id`,
    ),
    displace: named(
      'displace',
      `WITH ${addDeadLetters('displaced', '(SELECT * FROM unnest($1::bytea[], $2::bigint[]) AS u (receiver, id))')}
       SELECT ${FIELDS} FROM moved ORDER BY id`,
    ),
    dead: named(
      'dead',
      `SELECT ${FIELDS}, cause, died_at FROM ${table} WHERE ${IS_DEAD} AND id > $1 ORDER BY id LIMIT $2`,
    ),
    deadOf: named(
      'dead_of',
      `SELECT ${FIELDS}, cause, died_at FROM ${table}
       WHERE ${IS_DEAD} AND id > $1 AND receiver = $3 ORDER BY id LIMIT $2`,
    ),
    findDead: named(
      'find_dead',
      `SELECT id, receiver, bytes FROM ${table} WHERE id = ANY ($1::bigint[]) AND ${IS_DEAD}`,
    ),
    resend: named(
      'resend',
      `WITH resent AS (
         UPDATE ${table} SET id = DEFAULT, died_at = NULL, cause = NULL, since = $2
         WHERE id = $1 AND ${IS_DEAD} RETURNING bytes),
       added AS (${add(countOf('resent'), bytesOf('resent'), `-${countOf('resent')}`)})
       SELECT bytes FROM resent`,
    ),
    discard: named(
      'discard',
      `WITH discarded AS (
         UPDATE ${table} SET confirmed_at = $2, died_at = NULL, cause = NULL, body = NULL, kept = false
         WHERE id = ANY ($1::bigint[]) AND ${IS_DEAD} RETURNING 1),
       added AS (${add('0', '0', `-${countOf('discarded')}`)})
       SELECT 1 FROM discarded`,
    ),
    trim: named(
      'trim',
      `WITH oldest AS MATERIALIZED (SELECT id FROM ${table} WHERE ${IS_DEAD}
         ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
       deleted AS (DELETE FROM ${table} AS m USING oldest AS o
         WHERE m.id = o.id AND m.died_at IS NOT NULL RETURNING ${FIELDS_OF_M}, m.cause, m.died_at),
       added AS (${add('0', '0', `-${countOf('deleted')}`)})
       SELECT ${FIELDS}, cause, died_at FROM deleted ORDER BY id`,
    ),
    history: named(
      'history',
      `SELECT ${FIELDS} FROM ${table} WHERE kept AND died_at IS NULL
       AND least(sender, receiver) = least($1::bytea, $2::bytea)
       AND greatest(sender, receiver) = greatest($1::bytea, $2::bytea)
       AND id < $3 ORDER BY id DESC LIMIT $4`,
    ),
    totals: named(
      'totals',
      `SELECT sum(waiting) AS waiting, sum(waiting_bytes) AS bytes, sum(dead) AS dead,
         current_setting('transaction_read_only') = 'on' AS is_read_only, current_setting('fsync') AS fsync
       FROM ${total}`,
    ),
  };
}
