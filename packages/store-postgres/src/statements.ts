import { escapeIdentifier } from 'pg';
import { appendStatement } from './append-statement.js';
import type { Statement } from './statement.js';
import { ROW_OVERHEAD } from './total-bytes.js';

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
  /** Which receivers ($1) have a waiting message after an id ($2): `n` of each. Looked up one by one, whatever the statistics. */
  readonly whichWait: Statement;
  /** The `identity` of the database. */
  readonly identity: Statement;
  /** Deletes messages confirmed until $1, at most $2 rows, and none that another node is deleting. */
  readonly purge: Statement;
  /** Removes messages confirmed until $1 from the history, at most $2 rows. Returns a row for each, as `purge`. */
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
  /** `waiting`, `bytes`, `dead` and `total_bytes` of all users, and the server's state: `is_read_only`, `fsync`. */
  readonly totals: Statement;
}

const WAITS = 'confirmed_at IS NULL AND died_at IS NULL';
const IS_DEAD = 'died_at IS NOT NULL';
/** The same conditions, written so that no partial index matches: the row is found by its place in the table. */
const STILL_WAITS = 'coalesce(confirmed_at, died_at) IS NULL';
const IS_STILL_DEAD = 'died_at + 0 IS NOT NULL';
const FIELDS = 'id, receiver, sender, fingerprint, body, accepted_at';
/** What a row takes without its body: its ids are in an index, too. */
const ROW_BYTES = `(2 * (octet_length(receiver) + octet_length(sender) + octet_length(fingerprint)) + ${ROW_OVERHEAD})`;

export function statementsFor(schema: string): Statements {
  const table = `${escapeIdentifier(schema)}.message`;
  const total = `${escapeIdentifier(schema)}.imcore_total`;
  const named = (name: string, text: string): Statement => ({ name: `imcore_${name}`, text });
  /** Part of a statement that adds to the totals. Each connection has its shard. */
  const add = (waiting: string, bytes: string, dead: string, totalBytes: string): string =>
    `UPDATE ${total} SET waiting = waiting + ${waiting}, waiting_bytes = waiting_bytes + ${bytes},
       dead = dead + ${dead}, total_bytes = total_bytes + ${totalBytes} WHERE shard = pg_backend_pid() % 64`;
  const countOf = (rows: string): string => `(SELECT count(*) FROM ${rows})`;
  const bytesOf = (rows: string): string => `(SELECT coalesce(sum(bytes), 0) FROM ${rows})`;
  const freedBy = (rows: string): string => `-(SELECT coalesce(sum(freed), 0) FROM ${rows})`;
  /** The place of the message of a key `k` (receiver, id) in the table, if it is in this state. Looked up by an index. */
  const placeOf = (state: string): string =>
    `(SELECT ctid FROM ${table} WHERE receiver = k.receiver AND id = k.id AND ${state} LIMIT 1)`;
  /** Parts of a statement that turn the messages at these places into dead letters, and change the totals. */
  const addDeadLetters = (cause: string, places: string): string => `moved AS (
      UPDATE ${table} SET died_at = $3, cause = '${cause}' WHERE ctid = ANY (ARRAY(${places})) AND ${STILL_WAITS}
      RETURNING ${FIELDS}, bytes, since),
    added AS (${add(`-${countOf('moved')}`, `-${bytesOf('moved')}`, countOf('moved'), '0')})`;
  return {
    append: appendStatement(
      table,
      add(countOf('fresh'), bytesOf('fresh'), '0', '(SELECT coalesce(sum(total), 0) FROM fresh)'),
      `bytes + ${ROW_BYTES}`,
    ),
    find: named(
      'find',
      `SELECT k.n, m.id, m.confirmed_at IS NULL AND m.died_at IS NULL AS waits
       FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS k (sender, fingerprint, receiver, n),
       LATERAL (SELECT id, confirmed_at, died_at FROM ${table} AS m WHERE m.sender = k.sender
         AND m.fingerprint = k.fingerprint AND sha256(m.receiver) = sha256(k.receiver) LIMIT 1) AS m`,
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
      `WITH k AS MATERIALIZED (SELECT receiver, id, min(n) AS n
         FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS k (receiver, id, n) GROUP BY receiver, id),
       waited AS (
         UPDATE ${table} SET confirmed_at = $3, body = CASE WHEN kept THEN body END
         WHERE ctid = ANY (ARRAY(SELECT ${placeOf(WAITS)} FROM k)) AND ${STILL_WAITS} RETURNING receiver, id, bytes,
           CASE WHEN kept THEN 0 ELSE bytes END AS freed),
       died AS (
         UPDATE ${table} SET confirmed_at = $3, body = CASE WHEN kept THEN body END, died_at = NULL, cause = NULL
         WHERE ctid = ANY (ARRAY(SELECT ${placeOf(IS_DEAD)} FROM k
           WHERE (receiver, id) NOT IN (SELECT receiver, id FROM waited))) AND ${IS_STILL_DEAD}
         RETURNING CASE WHEN kept THEN 0 ELSE bytes END AS freed),
       added AS (${add(`-${countOf('waited')}`, `-${bytesOf('waited')}`, `-${countOf('died')}`, `${freedBy('waited')} ${freedBy('died')}`)})
       SELECT k.n, waited.bytes FROM waited JOIN k USING (receiver, id)`,
    ),
    count: named(
      'count',
      `SELECT k.n, w.waiting, w.bytes FROM unnest($1::bytea[]) WITH ORDINALITY AS k (receiver, n),
       LATERAL (SELECT count(*) AS waiting, coalesce(sum(bytes), 0) AS bytes FROM ${table} AS m
         WHERE m.receiver = k.receiver AND m.confirmed_at IS NULL AND m.died_at IS NULL) AS w`,
    ),
    whichWait: named(
      'which_wait',
      `SELECT k.n FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS k (receiver, after, n)
       WHERE (SELECT id FROM ${table} AS m WHERE m.receiver = k.receiver AND m.id > k.after AND ${WAITS}
         ORDER BY id LIMIT 1) IS NOT NULL`,
    ),
    identity: named('identity', `SELECT identity FROM ${escapeIdentifier(schema)}.imcore_version`),
    purge: named(
      'purge',
      `WITH gone AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table}
         WHERE confirmed_at <= $1 ORDER BY confirmed_at LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING coalesce(octet_length(body), 0) + ${ROW_BYTES} AS freed),
       added AS (${add('0', '0', '0', freedBy('gone'))})
       SELECT 1 FROM gone`,
    ),
    unkeep: named(
      'unkeep',
      `WITH gone AS (UPDATE ${table} SET body = NULL, kept = false WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table}
         WHERE kept AND confirmed_at + 0 <= $1 ORDER BY confirmed_at + 0 LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING bytes AS freed),
       added AS (${add('0', '0', '0', freedBy('gone'))})
       SELECT 1 FROM gone`,
    ),
    expire: named(
      'expire',
      `WITH ${addDeadLetters(
        'expired',
        `SELECT ctid FROM ${table} WHERE since >= 0 AND since < $1 AND ${WAITS}
         ORDER BY since, id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      )}
       SELECT ${FIELDS} FROM moved ORDER BY since, id`,
    ),
    displace: named(
      'displace',
      `WITH ${addDeadLetters(
        'displaced',
        `SELECT ${placeOf(WAITS)} FROM unnest($1::bytea[], $2::bigint[]) AS k (receiver, id)`,
      )}
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
       added AS (${add(countOf('resent'), bytesOf('resent'), `-${countOf('resent')}`, '0')})
       SELECT bytes FROM resent`,
    ),
    discard: named(
      'discard',
      `WITH discarded AS (
         UPDATE ${table} SET confirmed_at = $2, died_at = NULL, cause = NULL, body = NULL, kept = false
         WHERE id = ANY ($1::bigint[]) AND ${IS_DEAD} RETURNING bytes AS freed),
       added AS (${add('0', '0', `-${countOf('discarded')}`, freedBy('discarded'))})
       SELECT 1 FROM discarded`,
    ),
    trim: named(
      'trim',
      `WITH deleted AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${IS_DEAD}
           ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) AND ${IS_STILL_DEAD} RETURNING ${FIELDS}, cause, died_at,
           bytes + ${ROW_BYTES} AS freed),
       added AS (${add('0', '0', `-${countOf('deleted')}`, freedBy('deleted'))})
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
      `SELECT sum(waiting) AS waiting, sum(waiting_bytes) AS bytes, sum(dead) AS dead, sum(total_bytes) AS total_bytes,
         current_setting('transaction_read_only') = 'on' AS is_read_only, current_setting('fsync') AS fsync
       FROM ${total}`,
    ),
  };
}
