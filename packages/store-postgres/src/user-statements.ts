import type { Statement } from './statement.js';
import type { Tables } from './tables.js';

/** Users, their devices, and their conversations. */
export interface UserStatements {
  /** Those of users ($1, ids) that have a row: `n` (starts at 1). */
  readonly known: Statement;
  /** Makes the rows of users ($1). Run alone, in the order of the ids, so that there is no deadlock. */
  readonly make: Statement;
  /** Devices of a user ($1), the v6 device first: `id`, `kind`, `name`, `position`, `seen_at`. */
  readonly devices: Statement;
  /** The end of the log of a user ($1: number). */
  readonly last: Statement;
  /** Adds a device ($2) of a user ($1: number) with kind, name and `seen_at`, or updates it: `is_new`, `position`. */
  readonly putDevice: Statement;
  /** Adds $2 to the number of devices of a user ($1: number). */
  readonly countDevices: Statement;
  /** Removes a device ($2) of a user ($1: number) that was not seen since $3: it, if it was there. */
  readonly removeDevice: Statement;
  /** Removes the v6 device of a user ($1: number) that was not seen since $2, if it has $3 other devices: it, if it was there. */
  readonly removeV6: Statement;
  /** Up to $2 devices that were not seen since $1: `user_id`, `id`; then v6 devices of users with others, with an empty id. */
  readonly unseen: Statement;
  /** Messages between users ($1, $2) older than $3, at most $4. */
  readonly history: Statement;
  /** Conversations of a user ($1) whose last message is older than $2, at most $3: with the newest message that there is. */
  readonly threads: Statement;
  /** What waits for a user ($1), by sender: `sender`, `messages`. */
  readonly waiting: Statement;
  /** Sets the last message ($4, null: there is none) of a conversation of users ($1, $2) if it still is $3. */
  readonly repairThread: Statement;
  readonly dropThread: Statement;
}

export function userStatements(tables: Tables): UserStatements {
  const named = (name: string, text: string): Statement => ({ name: `imcore_user_${name}`, text });
  const { log, state, message, device, thread } = tables;
  const fields = 'id, receiver, sender, fingerprint, body, accepted_at';
  const numberOf = (value: string): string =>
    `(SELECT no, id FROM ${log} WHERE id = ${value}::bytea LIMIT 1)`;
  return {
    known: named(
      'known',
      `SELECT k.n FROM unnest($1::bytea[]) WITH ORDINALITY AS k (id, n)
       WHERE (SELECT s.no FROM ${state} AS s WHERE s.no = (SELECT no FROM ${log} AS l WHERE l.id = k.id LIMIT 1) LIMIT 1) IS NOT NULL`,
    ),
    make: named(
      'make',
      `WITH made AS (INSERT INTO ${log} (id) SELECT id FROM unnest($1::bytea[]) AS k (id) ORDER BY id
         ON CONFLICT (id) DO NOTHING RETURNING no)
       INSERT INTO ${state} (no) SELECT no FROM made`,
    ),
    devices: named(
      'devices',
      `WITH u AS MATERIALIZED ${numberOf('$1')}
       SELECT ''::bytea AS id, ''::bytea AS kind, ''::bytea AS name, v6 AS position, v6_seen_at AS seen_at
       FROM u, LATERAL (SELECT v6, v6_seen_at FROM ${state} AS s WHERE s.no = u.no LIMIT 1) AS s WHERE v6_seen_at IS NOT NULL
       UNION ALL SELECT d.id, d.kind, d.name, d.position, d.seen_at
       FROM u, LATERAL (SELECT * FROM ${device} AS d WHERE d.user_no = u.no OFFSET 0) AS d`,
    ),
    last: named('last', `SELECT last FROM ${log} WHERE no = $1::bigint`),
    putDevice: named(
      'put_device',
      `INSERT INTO ${device} AS d (user_no, id, kind, name, position, seen_at) VALUES ($1::bigint, $2::bytea, $3::bytea, $4::bytea, 0, $5::bigint)
       ON CONFLICT (user_no, id) DO UPDATE SET kind = excluded.kind, name = excluded.name, seen_at = excluded.seen_at
       RETURNING xmax = 0 AS is_new, position`,
    ),
    countDevices: named(
      'count_devices',
      `UPDATE ${state} SET devices = devices + $2::integer WHERE no = $1::bigint`,
    ),
    removeDevice: named(
      'remove_device',
      `DELETE FROM ${device} WHERE user_no = $1::bigint AND id = $2::bytea AND seen_at < $3::bigint RETURNING id, kind, name, position, seen_at`,
    ),
    removeV6: named(
      'remove_v6',
      `WITH s AS MATERIALIZED (SELECT no, v6, v6_seen_at FROM ${state} WHERE no = $1::bigint AND v6_seen_at < $2::bigint
         AND devices >= $3::integer)
       UPDATE ${state} AS u SET v6_seen_at = NULL FROM s WHERE u.no = s.no AND u.no = $1::bigint
       RETURNING ''::bytea AS id, ''::bytea AS kind, ''::bytea AS name, s.v6 AS position, s.v6_seen_at AS seen_at`,
    ),
    unseen: named(
      'unseen',
      `(SELECT (SELECT l.id FROM ${log} AS l WHERE l.no = d.user_no LIMIT 1) AS user_id, d.id FROM ${device} AS d
         WHERE d.seen_at < $1::bigint ORDER BY d.seen_at LIMIT $2)
       UNION ALL
       (SELECT (SELECT l.id FROM ${log} AS l WHERE l.no = s.no LIMIT 1), ''::bytea FROM ${state} AS s
         WHERE s.v6_seen_at < $1::bigint AND s.devices > 0 ORDER BY s.v6_seen_at LIMIT $2)`,
    ),
    history: named(
      'history',
      `WITH a AS MATERIALIZED ${numberOf('$1')}, b AS MATERIALIZED ${numberOf('$2')}
       SELECT m.*, CASE WHEN m.receiver = a.no THEN a.id ELSE b.id END AS receiver_id FROM a, b,
       LATERAL (SELECT ${fields} FROM ${message} AS m WHERE m.pair_a = least(a.no, b.no) AND m.pair_b = greatest(a.no, b.no)
         AND m.id < $3::bigint ORDER BY m.id DESC LIMIT $4) AS m ORDER BY m.id DESC`,
    ),
    threads: named(
      'threads',
      `WITH u AS MATERIALIZED ${numberOf('$1')}
       SELECT t.user_no, t.other, t.last, m.*, CASE WHEN m.receiver = u.no THEN u.id ELSE t.other_id END AS receiver_id, t.other_id
       FROM u, LATERAL (SELECT user_no, other, last, (SELECT l.id FROM ${log} AS l WHERE l.no = other LIMIT 1) AS other_id
         FROM ${thread} AS t WHERE t.user_no = u.no AND t.last < $2::bigint ORDER BY t.last DESC LIMIT $3) AS t
       LEFT JOIN LATERAL (SELECT ${fields} FROM ${message} AS m
         WHERE m.pair_a = least(t.user_no, t.other) AND m.pair_b = greatest(t.user_no, t.other) ORDER BY m.id DESC LIMIT 1) AS m ON true
       ORDER BY t.last DESC`,
    ),
    waiting: named(
      'waiting',
      `WITH u AS MATERIALIZED ${numberOf('$1')}
       SELECT sender, count(*) AS messages FROM u,
       LATERAL (SELECT greatest(taken, v6) AS taken FROM ${state} AS s WHERE s.no = u.no LIMIT 1) AS s,
       LATERAL (SELECT sender FROM ${message} AS m WHERE m.receiver = u.no AND m.position > s.taken AND m.in_log AND NOT m.taken
         OFFSET 0) AS m GROUP BY sender`,
    ),
    repairThread: named(
      'repair_thread',
      `UPDATE ${thread} SET last = $4::bigint WHERE user_no = $1::bigint AND other = $2::bigint AND last = $3::bigint`,
    ),
    dropThread: named(
      'drop_thread',
      `DELETE FROM ${thread} WHERE user_no = $1::bigint AND other = $2::bigint AND last = $3::bigint`,
    ),
  };
}
