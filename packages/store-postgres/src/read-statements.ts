import type { Statement } from './statement.js';
import type { Tables } from './tables.js';

/** A row of `take` and `read`: the state of the log, and an entry; `position` is null if there is none. */
export interface EntryRow {
  readonly log_last: string;
  readonly log_removed: string;
  readonly has_named: boolean;
  readonly position: string | null;
  readonly is_echo: boolean;
  readonly id: string;
  readonly receiver_id: Buffer;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  readonly body: Buffer;
  readonly accepted_at: string;
}

export interface ReadStatements {
  /** Messages of a user ($1) after a position ($2) that the v6 device has not taken, at most $3. */
  readonly take: Statement;
  /** Entries of a user ($1) after a position ($2), at most $3. */
  readonly read: Statement;
  /** What waits for a user ($1) after a position ($2), at most $3: `position` and `bytes`. */
  readonly oldest: Statement;
  /** `messages` and `bytes` that wait for a user ($1). */
  readonly count: Statement;
  /** Known messages of keys ($1): `n` (starts at 1), `id`, `position` if the v6 device has not taken it, `echo`. */
  readonly find: Statement;
  /** Which users ($1) have a message for the v6 device after a position ($2), or anything for a named one ($3): `n` of each. Looked up one by one, whatever the statistics. */
  readonly whichWait: Statement;
  /** The `identity` and the `epoch` of the database. */
  readonly identity: Statement;
  readonly epoch: Statement;
  /** `waiting`, `bytes`, `dead` and `total_bytes` of all users, and the server's state: `is_read_only`, `fsync`. */
  readonly totals: Statement;
}

const FIELDS = 'id, sender, fingerprint, body, accepted_at';

/**
 * Statements that change nothing. Each row is looked up through one index by a subquery with a limit, which the planner cannot
 * turn into a join: statistics may say anything.
 */
export function readStatements(tables: Tables): ReadStatements {
  const named = (name: string, text: string): Statement => ({ name: `imcore_${name}`, text });
  const { log, state, message, echo, key, version, total } = tables;
  /** The log `l` of the user $1: `no`, `last`, `v6`, `removed`. Of the last one the entries say more than the row. */
  const ofUser = `l AS MATERIALIZED (
      SELECT u.no, u.id, u.last, s.v6, s.removed, s.devices > 0 AS has_named FROM (SELECT no, id, last FROM ${log} WHERE id = $1::bytea LIMIT 1) AS u,
      LATERAL (SELECT v6, removed, devices FROM ${state} WHERE no = u.no LIMIT 1) AS s),
    head AS MATERIALIZED (
      SELECT coalesce(least(
        (SELECT position FROM ${message} WHERE receiver = l.no AND position > l.removed AND in_log ORDER BY position LIMIT 1),
        (SELECT position FROM ${echo} WHERE user_no = l.no AND position > l.removed ORDER BY position LIMIT 1)) - 1, l.last) AS removed
      FROM l)`;
  const page = (entries: string): string => `WITH ${ofUser}
    SELECT l.last AS log_last, head.removed AS log_removed, l.has_named, e.* FROM l CROSS JOIN head
    LEFT JOIN LATERAL (${entries}) AS e ON true ORDER BY e.position`;
  return {
    take: named(
      'take',
      page(`SELECT position, false AS is_echo, l.id AS receiver_id, ${FIELDS} FROM (
          SELECT position, ${FIELDS} FROM ${message} WHERE receiver = l.no AND position > greatest($2::bigint, l.v6)
          AND in_log AND NOT taken ORDER BY position LIMIT $3) AS m`),
    ),
    read: named(
      'read',
      page(`SELECT * FROM (
          (SELECT m.position, false AS is_echo, l.id AS receiver_id, ${FIELDS} FROM ${message} AS m
            WHERE m.receiver = l.no AND m.position > greatest($2::bigint, l.removed) AND m.in_log ORDER BY m.position LIMIT $3)
          UNION ALL
          (SELECT c.position, true, c.receiver_id, ${FIELDS} FROM (
            SELECT position, receiver, message_position, (SELECT id FROM ${log} WHERE no = receiver LIMIT 1) AS receiver_id
            FROM ${echo} WHERE user_no = l.no AND position > greatest($2::bigint, l.removed) ORDER BY position LIMIT $3) AS c,
            LATERAL (SELECT ${FIELDS} FROM ${message} AS m
              WHERE m.receiver = c.receiver AND m.position = c.message_position LIMIT 1) AS m)
          ) AS both_kinds ORDER BY position LIMIT $3`),
    ),
    oldest: named(
      'oldest',
      `SELECT m.position, m.bytes FROM (SELECT no FROM ${log} WHERE id = $1::bytea LIMIT 1) AS l,
         LATERAL (SELECT greatest(v6, taken) AS taken FROM ${state} WHERE no = l.no LIMIT 1) AS s,
         LATERAL (SELECT position, octet_length(body) AS bytes FROM ${message} AS m WHERE m.receiver = l.no
           AND m.position > greatest($2::bigint, s.taken) AND m.in_log AND NOT m.taken ORDER BY m.position LIMIT $3) AS m
       ORDER BY m.position`,
    ),
    count: named(
      'count',
      `SELECT sent - gone AS messages, sent_bytes - gone_bytes AS bytes FROM
         (SELECT no, sent, sent_bytes FROM ${log} WHERE id = $1::bytea LIMIT 1) AS l,
         LATERAL (SELECT gone, gone_bytes FROM ${state} WHERE no = l.no LIMIT 1) AS s`,
    ),
    find: named(
      'find',
      `SELECT k.n, f.id, m.echo, CASE WHEN m.in_log AND NOT m.taken
           AND m.position > (SELECT v6 FROM ${state} WHERE no = f.receiver LIMIT 1) THEN m.position END AS position
       FROM unnest($1::uuid[]) WITH ORDINALITY AS k (key, n),
       LATERAL (SELECT id, receiver, position FROM ${key} AS f WHERE f.key = k.key LIMIT 1) AS f
       LEFT JOIN LATERAL (SELECT position, in_log, taken, echo FROM ${message} AS m
         WHERE m.receiver = f.receiver AND m.position = f.position LIMIT 1) AS m ON true`,
    ),
    whichWait: named(
      'which_wait',
      `SELECT k.n FROM unnest($1::bytea[], $2::bigint[], $3::boolean[]) WITH ORDINALITY AS k (id, after, is_named, n),
       LATERAL (SELECT no, last FROM ${log} AS l WHERE l.id = k.id LIMIT 1) AS l,
       LATERAL (SELECT v6 FROM ${state} AS s WHERE s.no = l.no LIMIT 1) AS s
       WHERE CASE WHEN k.is_named THEN l.last > k.after ELSE (SELECT position FROM ${message} AS m WHERE m.receiver = l.no AND m.position > greatest(k.after, s.v6)
         AND m.in_log AND NOT m.taken ORDER BY m.position LIMIT 1) IS NOT NULL END`,
    ),
    identity: named('identity', `SELECT identity FROM ${version}`),
    epoch: named(
      'epoch',
      `SELECT epoch || CASE WHEN pg_is_in_recovery() THEN ''
         ELSE '.' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END AS epoch FROM ${version}`,
    ),
    totals: named(
      'totals',
      `SELECT sum(waiting) AS waiting, sum(waiting_bytes) AS bytes, sum(dead) AS dead, sum(total_bytes) AS total_bytes,
         current_setting('transaction_read_only') = 'on' AS is_read_only, current_setting('fsync') AS fsync
       FROM ${total}`,
    ),
  };
}
