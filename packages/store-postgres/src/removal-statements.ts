import type { Statement } from './statement.js';
import { countOf, ECHO_OVERHEAD, KEY_OVERHEAD, ROW_BYTES, sumOf, type Tables } from './tables.js';

/** An entry that may be removed. */
export interface RemovableRow {
  readonly no: string;
  readonly position: string;
  readonly is_echo: boolean;
}

/** Removing entries, bodies and keys. Those of entries need the locks of the users' states. */
export interface RemovalStatements {
  /** Entries that all devices of users ($1) have taken, at most $2 of each kind for each user. */
  readonly removable: Statement;
  /** The users among $1 whose logs have more than $2 entries: `no`. */
  readonly long: Statement;
  /** The oldest entries that do not wait, of users ($1) whose logs have more than $2 entries: what is beyond, at most $3 for each. */
  readonly trimmable: Statement;
  /** Removes messages that do not wait from the logs of users ($1) at positions ($2), at $3. */
  readonly removeMessages: Statement;
  /** Removes echoes from the logs of users ($1) at positions ($2). */
  readonly removeEchoes: Statement;
  /**
   * All removable entries of users ($1) are removed, except of those who have more ($2). Those, and users whose logs have more
   * than $3 entries, have leftovers.
   */
  readonly settle: Statement;
  /** Locks the states of users ($1), and of up to $3 users after $2 with removable entries; none that another node has locked: `no`, `id`. */
  readonly lockLeftovers: Statement;
  /** Deletes up to $2 messages that are in no log and no history since $1: `pair_a`, `pair_b` and `id` of each. */
  readonly purge: Statement;
  /** Deletes conversations between users ($1, $2) up to a message ($3) that have no message. */
  readonly dropThreads: Statement;
  /** Deletes keys that may be forgotten since $1, at most $2 rows of them: `keys`, their number. */
  readonly forget: Statement;
}

export function removalStatements(tables: Tables): RemovalStatements {
  const named = (name: string, text: string): Statement => ({ name: `imcore_${name}`, text });
  const { log, state, message, echo, key, device, dead, forgotten, thread } = tables;
  /** How far the entries of each user may be removed: messages, messages that are marked as taken, echoes. */
  const bounds = `s AS MATERIALIZED (SELECT no, removed, v6, last,
         CASE WHEN devices = 0 THEN v6 WHEN v6_seen_at IS NULL THEN floor ELSE least(floor, v6) END AS bound,
         CASE WHEN devices = 0 THEN last ELSE floor END AS far
       FROM (SELECT no, removed, v6, v6_seen_at, devices,
         (SELECT min(position) FROM ${device} AS d WHERE d.user_no = s.no) AS floor,
         (SELECT last FROM ${log} AS l WHERE l.no = s.no LIMIT 1) AS last FROM ${state} AS s WHERE no = ANY ($1::bigint[])) AS s)`;
  const places = (table: string, user: string): string => `ctid = ANY (ARRAY(
         SELECT (SELECT ctid FROM ${table} AS m WHERE m.${user} = k.no AND m.position = k.position LIMIT 1)
         FROM unnest($1::bigint[], $2::bigint[]) AS k (no, position)))`;
  const countRemoved = (rows: string, user: string): string => `counted AS MATERIALIZED (
         SELECT ${user} AS no, count(*) AS entries FROM ${rows} GROUP BY ${user}),
       stated AS (UPDATE ${state} AS s SET removed_entries = s.removed_entries + c.entries FROM counted AS c
         WHERE s.no = c.no AND s.no = ANY ($1::bigint[]))`;
  return {
    removable: named(
      'removable',
      `WITH ${bounds}
       SELECT s.no, e.position, e.is_echo FROM s, LATERAL (
         (SELECT position, false AS is_echo FROM ${message} AS m WHERE m.receiver = s.no AND m.position > s.removed
           AND m.position <= s.bound AND m.in_log ORDER BY m.position LIMIT $2)
         UNION ALL
         (SELECT position, false FROM ${message} AS m WHERE m.receiver = s.no AND m.position > s.bound
           AND m.position <= s.far AND m.taken AND m.in_log ORDER BY m.position LIMIT $2)
         UNION ALL
         (SELECT position, true FROM ${echo} AS c WHERE c.user_no = s.no AND c.position > s.removed
           AND c.position <= s.far ORDER BY c.position LIMIT $2)) AS e`,
    ),
    long: named(
      'long',
      `SELECT no FROM ${state} AS s WHERE no = ANY ($1::bigint[])
       AND (SELECT last FROM ${log} AS l WHERE l.no = s.no LIMIT 1) - removed_entries > $2::bigint`,
    ),
    trimmable: named(
      'trimmable',
      `WITH s AS MATERIALIZED (SELECT no, removed, greatest(v6, taken) AS taken,
         (SELECT last FROM ${log} AS l WHERE l.no = s.no LIMIT 1) - removed_entries - $2::bigint AS excess
         FROM ${state} AS s WHERE no = ANY ($1::bigint[]))
       SELECT s.no, e.position, e.is_echo FROM s, LATERAL (SELECT * FROM (
         (SELECT position, false AS is_echo FROM ${message} AS m WHERE m.receiver = s.no AND m.position > s.removed
           AND m.position <= s.taken AND m.in_log ORDER BY m.position LIMIT greatest(0, least(s.excess, $3)))
         UNION ALL
         (SELECT position, false FROM ${message} AS m WHERE m.receiver = s.no AND m.position > greatest(s.removed, s.taken)
           AND m.taken AND m.in_log ORDER BY m.position LIMIT greatest(0, least(s.excess, $3)))
         UNION ALL
         (SELECT position, true FROM ${echo} AS c WHERE c.user_no = s.no AND c.position > s.removed
           ORDER BY c.position LIMIT greatest(0, least(s.excess, $3)))) AS b ORDER BY position LIMIT greatest(0, least(s.excess, $3))) AS e
       WHERE s.excess > 0`,
    ),
    removeMessages: named(
      'remove_messages',
      `WITH deleted AS (DELETE FROM ${message} WHERE ${places(message, 'receiver')}
         AND in_log AND echo IS NULL AND pair_a IS NULL RETURNING receiver, key, ${ROW_BYTES} AS freed),
       kept AS (UPDATE ${message} SET in_log = false, since = NULL, gone_at = $3::bigint WHERE ${places(message, 'receiver')}
         AND in_log AND (echo IS NOT NULL OR pair_a IS NOT NULL) RETURNING receiver),
       gone AS (SELECT receiver FROM deleted UNION ALL SELECT receiver FROM kept),
       ${countRemoved('gone', 'receiver')},
       forgetting AS (INSERT INTO ${forgotten} (at, keys) SELECT $3::bigint, array_agg(key) FROM deleted HAVING count(*) > 0)
       ${tables.add({ bytes: `-${sumOf('freed', 'deleted')}` })}`,
    ),
    removeEchoes: named(
      'remove_echoes',
      `WITH deleted AS (DELETE FROM ${echo} WHERE ${places(echo, 'user_no')} RETURNING user_no, receiver, message_position),
       freed AS (UPDATE ${message} SET echo = NULL WHERE ctid = ANY (ARRAY(
         SELECT (SELECT ctid FROM ${message} AS m WHERE m.receiver = d.receiver AND m.position = d.message_position LIMIT 1)
         FROM deleted AS d))),
       ${countRemoved('deleted', 'user_no')}
       ${tables.add({ bytes: `-${ECHO_OVERHEAD} * ${countOf('deleted')}` })}`,
    ),
    settle: named(
      'settle',
      `WITH ${bounds}
       UPDATE ${state} AS u SET has_leftovers = u.no = ANY ($2::bigint[]) OR s.last - u.removed_entries > $3::bigint,
         removed = CASE WHEN u.no = ANY ($2::bigint[]) THEN u.removed ELSE greatest(u.removed, least(s.bound, s.far)) END
       FROM s WHERE u.no = s.no AND u.no = ANY ($1::bigint[])`,
    ),
    lockLeftovers: named(
      'lock_leftovers',
      `SELECT no, (SELECT id FROM ${log} AS l WHERE l.no = s.no LIMIT 1) AS id FROM ${state} AS s
       WHERE no = ANY ($1::bigint[] || ARRAY(
         SELECT no FROM ${state} WHERE has_leftovers AND no > $2::bigint ORDER BY no LIMIT $3))
       ORDER BY no FOR NO KEY UPDATE SKIP LOCKED`,
    ),
    purge: named(
      'purge',
      `WITH deleted AS (DELETE FROM ${message} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${message}
           WHERE gone_at <= $1::bigint AND echo IS NULL ORDER BY gone_at LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING id, receiver, position, pair_a, pair_b, gone_at, key, ${ROW_BYTES} AS freed),
       forgetting AS (INSERT INTO ${forgotten} (at, keys) SELECT max(gone_at), array_agg(key) FROM deleted AS g
         WHERE NOT EXISTS (SELECT 1 FROM ${dead} AS d WHERE d.receiver = g.receiver AND d.position = g.position OFFSET 0)
         HAVING count(*) > 0),
       added AS (${tables.add({ bytes: `-${sumOf('freed', 'deleted')}` })})
       SELECT pair_a, pair_b, id FROM deleted`,
    ),
    dropThreads: named(
      'drop_threads',
      `DELETE FROM ${thread} AS t WHERE ctid = ANY (ARRAY(
         SELECT (SELECT ctid FROM ${thread} AS t WHERE t.user_no = k.one AND t.other = k.two AND t.last <= k.id LIMIT 1)
         FROM (SELECT one, two, max(id) AS id FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (one, two, id)
           GROUP BY one, two) AS k
         WHERE (SELECT id FROM ${message} AS m WHERE m.pair_a = least(k.one, k.two) AND m.pair_b = greatest(k.one, k.two)
           ORDER BY m.id LIMIT 1) IS NULL))
       AND last <= ALL (SELECT max(id) FROM unnest($3::bigint[]) AS k (id))`,
    ),
    forget: named(
      'forget',
      `WITH gone AS (DELETE FROM ${forgotten} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${forgotten}
           WHERE at <= $1::bigint ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING keys),
       deleted AS (DELETE FROM ${key} WHERE key = ANY (ARRAY(SELECT unnest(keys) FROM gone)) RETURNING 1),
       added AS (${tables.add({ bytes: `-${KEY_OVERHEAD} * ${countOf('deleted')}` })})
       SELECT ${countOf('deleted')} AS keys`,
    ),
  };
}
