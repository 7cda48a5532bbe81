import type { Statement } from './statement.js';
import { ROW_BYTES, sumOf, type Tables } from './tables.js';

/** What devices take. All but `confirm` need the locks of the users' states, taken before with `lock`. */
export interface TakingStatements {
  /**
   * The v6 devices of users ($1) have taken positions ($2) at $3. Users with named devices are left out and returned
   * (`user_id`), and so are dead letters that the messages have become (`dead_id`).
   *
   * Positions beyond the end of a log change nothing. Without named devices, what is confirmed is removed at once. Nodes may
   * confirm for one user at the same time: a row is removed and counted once, and the position of the device moves as far as
   * the statement can see.
   */
  readonly confirm: Statement;
  /** Locks the states of users ($1, their ids), in order. Returns `no` and `id`. */
  readonly lock: Statement;
  /** As `confirm` ($1: numbers), for users with named devices: what is taken before an earlier message is marked. Returns `dead_id`. */
  readonly confirmBesideDevices: Statement;
  /** Named devices ($2) of users ($1: numbers) have taken their logs up to positions ($3). */
  readonly advance: Statement;
  /** The v6 device of a user ($1: number) was put at a position ($2), seen at $3. Returns its `position`. */
  readonly putV6: Statement;
}

export function takingStatements(tables: Tables): TakingStatements {
  const named = (name: string, text: string): Statement => ({ name: `imcore_${name}`, text });
  const { log, state, message, echo, device, dead, forgotten } = tables;
  /** The position before the first message of the log after `after` that is not taken, and not in `t`. */
  const nextOf = (after: string): string => `coalesce((
      SELECT m.position FROM ${message} AS m WHERE m.receiver = s.no AND m.position > ${after} AND m.in_log AND NOT m.taken
      AND (m.receiver, m.position) NOT IN (SELECT no, position FROM t) ORDER BY m.position LIMIT 1) - 1, s.last)`;
  /** The rows of the log at the positions of `t`, looked up one by one. */
  const found = (columns: string): string => `found AS MATERIALIZED (
      SELECT t.no, t.position, m.* FROM t, LATERAL (SELECT ctid AS place, ${columns} FROM ${message} AS m
        WHERE m.receiver = t.no AND m.position = t.position AND m.in_log LIMIT 1) AS m)`;
  /** Dead letters that messages of `t` have become. */
  const became = `dead AS MATERIALIZED (
      SELECT d.id FROM t, LATERAL (SELECT id FROM ${dead} AS d WHERE d.receiver = t.no AND d.position = t.position LIMIT 1) AS d
      WHERE (t.no, t.position) NOT IN (SELECT no, position FROM found))`;
  return {
    confirm: named(
      'confirm',
      `WITH k AS MATERIALIZED (SELECT DISTINCT id, position FROM unnest($1::bytea[], $2::bigint[]) AS k (id, position)),
       u AS MATERIALIZED (SELECT no, id, last FROM ${log} WHERE id = ANY (ARRAY(SELECT id FROM k GROUP BY id))),
       locked AS MATERIALIZED (SELECT no, v6, taken, removed, devices FROM ${state}
         WHERE no = ANY (ARRAY(SELECT no FROM u)) ORDER BY no FOR NO KEY UPDATE),
       s AS MATERIALIZED (SELECT l.*, u.last FROM locked AS l JOIN u USING (no) WHERE devices = 0),
       t AS MATERIALIZED (SELECT s.no, k.position FROM k JOIN u USING (id) JOIN s USING (no) WHERE k.position <= s.last),
       ${found('echo IS NOT NULL OR pair_a IS NOT NULL AS stays')},
       deleted AS (DELETE FROM ${message} WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE NOT stays)) AND in_log
         AND echo IS NULL AND pair_a IS NULL
         RETURNING receiver, position, taken, key, octet_length(body) AS bytes, ${ROW_BYTES} AS freed),
       kept AS (UPDATE ${message} SET in_log = false, since = NULL, gone_at = $3::bigint
         WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE stays)) AND in_log
         RETURNING receiver, position, taken, octet_length(body) AS bytes),
       gone AS MATERIALIZED (
         SELECT receiver, position, taken, bytes FROM deleted UNION ALL SELECT receiver, position, taken, bytes FROM kept),
       counted AS MATERIALIZED (
         SELECT s.no, count(*) AS entries, count(*) FILTER (WHERE waits) AS messages,
           coalesce(sum(bytes) FILTER (WHERE waits), 0)::bigint AS bytes
         FROM (SELECT g.receiver, g.bytes, NOT g.taken AND g.position > s.taken AND g.position > s.v6 AS waits
           FROM gone AS g JOIN s ON s.no = g.receiver) AS w JOIN s ON s.no = w.receiver GROUP BY s.no),
       next AS MATERIALIZED (SELECT s.no, ${nextOf('s.v6')} AS v6, s.removed >= s.v6 AS is_clean,
         (SELECT position FROM ${echo} AS c WHERE c.user_no = s.no AND c.position > s.removed ORDER BY position LIMIT 1) - 1 AS echo
         FROM s),
       ${became},
       forgetting AS (INSERT INTO ${forgotten} (at, keys) SELECT $3::bigint, array_agg(key) FROM deleted HAVING count(*) > 0),
       moved AS (
         UPDATE ${state} AS s SET v6 = greatest(s.v6, n.v6), v6_seen_at = coalesce(s.v6_seen_at, $3::bigint),
           removed = CASE WHEN n.is_clean THEN greatest(s.removed, least(n.v6, n.echo)) ELSE s.removed END,
           has_leftovers = s.has_leftovers OR n.echo IS NOT NULL,
           removed_entries = s.removed_entries + n.entries, gone = s.gone + n.messages, gone_bytes = s.gone_bytes + n.bytes
         FROM (SELECT n.*, coalesce(c.entries, 0) AS entries, coalesce(c.messages, 0) AS messages, coalesce(c.bytes, 0) AS bytes
           FROM next AS n LEFT JOIN counted AS c USING (no)) AS n
         WHERE s.no = n.no AND s.no = ANY (ARRAY(SELECT DISTINCT no FROM t))),
       added AS (${tables.add({
         waiting: `-${sumOf('messages', 'counted')}`,
         waitingBytes: `-${sumOf('bytes', 'counted')}`,
         bytes: `-${sumOf('freed', 'deleted')}`,
       })})
       SELECT id AS user_id, NULL::bigint AS dead_id FROM u JOIN locked USING (no) WHERE devices > 0
       UNION ALL SELECT NULL, id FROM dead`,
    ),
    lock: named(
      'lock',
      `SELECT no, (SELECT id FROM ${log} AS l WHERE l.no = s.no LIMIT 1) AS id FROM ${state} AS s
       WHERE no = ANY (ARRAY(SELECT no FROM ${log} WHERE id = ANY ($1::bytea[]))) ORDER BY no FOR NO KEY UPDATE`,
    ),
    confirmBesideDevices: named(
      'confirm_beside',
      `WITH k AS MATERIALIZED (SELECT DISTINCT no, position FROM unnest($1::bigint[], $2::bigint[]) AS k (no, position)),
       s AS MATERIALIZED (SELECT no, v6, taken, (SELECT last FROM ${log} AS l WHERE l.no = s.no LIMIT 1) AS last
         FROM ${state} AS s WHERE no = ANY (ARRAY(SELECT no FROM k GROUP BY no))),
       t AS MATERIALIZED (SELECT no, k.position FROM k JOIN s USING (no) WHERE k.position <= s.last),
       ${found('octet_length(body) AS bytes, taken AS is_marked')},
       next AS MATERIALIZED (SELECT s.no, ${nextOf('s.v6')} AS v6 FROM s),
       marked AS (UPDATE ${message} SET taken = true WHERE ctid = ANY (ARRAY(
         SELECT place FROM found JOIN next USING (no) WHERE position > v6 AND NOT is_marked))),
       counted AS MATERIALIZED (SELECT no, count(*) AS messages, sum(bytes)::bigint AS bytes FROM found JOIN s USING (no)
         WHERE NOT is_marked AND position > s.taken AND position > s.v6 GROUP BY no),
       ${became},
       moved AS (
         UPDATE ${state} AS s SET v6 = greatest(s.v6, n.v6), v6_seen_at = coalesce(s.v6_seen_at, $3::bigint),
           gone = s.gone + n.messages, gone_bytes = s.gone_bytes + n.bytes
         FROM (SELECT n.no, n.v6, coalesce(c.messages, 0) AS messages, coalesce(c.bytes, 0) AS bytes
           FROM next AS n LEFT JOIN counted AS c USING (no)) AS n
         WHERE s.no = n.no AND s.no = ANY (ARRAY(SELECT DISTINCT no FROM t))),
       added AS (${tables.add({ waiting: `-${sumOf('messages', 'counted')}`, waitingBytes: `-${sumOf('bytes', 'counted')}` })})
       SELECT id AS dead_id FROM dead`,
    ),
    advance: named(
      'advance',
      `WITH a AS MATERIALIZED (SELECT k.no, k.id, max(k.position) AS position
         FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS k (no, id, position)
         WHERE k.position <= (SELECT last FROM ${log} AS l WHERE l.no = k.no LIMIT 1) GROUP BY k.no, k.id),
       moved AS (UPDATE ${device} AS d SET position = a.position FROM a WHERE d.user_no = a.no AND d.id = a.id
         AND d.user_no = ANY ($1::bigint[]) AND d.position < a.position RETURNING d.user_no AS no, d.position),
       t AS MATERIALIZED (SELECT no, max(position) AS position FROM moved GROUP BY no),
       newly AS MATERIALIZED (SELECT t.no, t.position, m.messages, m.bytes FROM t,
         LATERAL (SELECT taken, v6 FROM ${state} AS s WHERE s.no = t.no LIMIT 1) AS s,
         LATERAL (SELECT count(*) AS messages, coalesce(sum(octet_length(body)), 0)::bigint AS bytes FROM ${message} AS m
           WHERE m.receiver = t.no AND m.position > greatest(s.taken, s.v6) AND m.position <= t.position
           AND m.in_log AND NOT m.taken) AS m),
       stated AS (UPDATE ${state} AS s SET taken = greatest(s.taken, n.position), gone = s.gone + n.messages,
         gone_bytes = s.gone_bytes + n.bytes FROM newly AS n WHERE s.no = n.no AND s.no = ANY ($1::bigint[]))
       ${tables.add({ waiting: `-${sumOf('messages', 'newly')}`, waitingBytes: `-${sumOf('bytes', 'newly')}` })}`,
    ),
    putV6: named(
      'put_v6',
      `WITH s AS MATERIALIZED (SELECT no, v6, taken, v6_seen_at IS NULL AS is_new,
         greatest(v6, CASE WHEN v6_seen_at IS NULL THEN
           least($2::bigint, (SELECT last FROM ${log} AS l WHERE l.no = $1::bigint LIMIT 1)) END) AS next
         FROM ${state} WHERE no = $1::bigint),
       newly AS MATERIALIZED (SELECT count(*) AS messages, coalesce(sum(octet_length(body)), 0)::bigint AS bytes
         FROM s, LATERAL (SELECT body FROM ${message} AS m WHERE m.receiver = s.no AND m.position > greatest(s.taken, s.v6)
           AND m.position <= s.next AND m.in_log AND NOT m.taken OFFSET 0) AS m),
       stated AS (UPDATE ${state} AS u SET v6 = s.next, v6_seen_at = $3::bigint, gone = u.gone + n.messages,
         gone_bytes = u.gone_bytes + n.bytes FROM s, newly AS n WHERE u.no = s.no AND u.no = $1::bigint),
       added AS (${tables.add({ waiting: `-${sumOf('messages', 'newly')}`, waitingBytes: `-${sumOf('bytes', 'newly')}` })})
       SELECT next AS position FROM s`,
    ),
  };
}
