import type { DeadLetterCause } from '@imcore/server/ports';
import type { Statement } from './statement.js';
import { countOf, ROW_BYTES, sumOf, type Tables } from './tables.js';

/** A dead letter with its receiver. */
export interface DeadRow {
  readonly id: string;
  readonly message_id: string;
  readonly receiver_id: Buffer;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  readonly body: Buffer;
  readonly accepted_at: string;
  readonly cause: DeadLetterCause;
  readonly died_at: string;
  readonly position: string;
}

export interface DeadStatements {
  /** Up to $2 messages with `since` before $1: `no`, `position`. */
  readonly overdue: Statement;
  /** Locks the states of users ($1), and none that another node has locked: `no`. */
  readonly lockOverdue: Statement;
  /**
   * Turns the messages of users ($1) at positions ($2) that wait into dead letters, in this order, at $3, because of $4; returns them.
   * Messages that do not wait are not looked at again. Needs the locks of the states.
   */
  readonly die: Statement;
  /** Dead letters after $1, at most $2; in `listOf` those of a user ($3). */
  readonly list: Statement;
  readonly listOf: Statement;
  /** Dead letters with these ids ($1), in their order: `id`, `receiver_id`, `bytes`. */
  readonly find: Statement;
  /** Locks the logs of users ($1, ids), in order: `id`, and what waits: `messages`, `bytes`. */
  readonly lockLogs: Statement;
  /** Appends dead letters ($1) to the logs again, in their order, at $2, with history if $3. Needs the locks of the logs. Returns the `no` of the receiver of each. */
  readonly resend: Statement;
  /** Messages were taken that had become dead letters ($1), at $2: deletes these. With history ($3) the messages get into it. */
  readonly confirm: Statement;
  /** Deletes dead letters ($1), at $2. Returns a row for each. */
  readonly discard: Statement;
  /** Deletes the $1 oldest dead letters, at $2, and returns them. */
  readonly trim: Statement;
}

export function deadStatements(tables: Tables): DeadStatements {
  const named = (name: string, text: string): Statement => ({ name: `imcore_dead_${name}`, text });
  const { log, state, message, key, echo, dead, forgotten, thread } = tables;
  const receiverId = (row: string): string =>
    `(SELECT id FROM ${log} AS l WHERE l.no = ${row}.receiver LIMIT 1) AS receiver_id`;
  const columns = (row: string): string =>
    `${row}.id, ${row}.message_id, ${receiverId(row)}, ${row}.sender, ${row}.fingerprint, ${row}.body, ${row}.accepted_at,
     ${row}.cause, ${row}.died_at, ${row}.position`;
  /** A message that an echo still refers to keeps its key. */
  const forget = (rows: string, now: string): string =>
    `forgetting AS (INSERT INTO ${forgotten} (at, keys) SELECT ${now}, array_agg(key) FROM ${rows} AS d WHERE NOT EXISTS (
       SELECT 1 FROM ${message} AS m WHERE m.receiver = d.receiver AND m.position = d.position OFFSET 0) HAVING count(*) > 0)`;
  const addThreads = (rows: string): string => `INSERT INTO ${thread} AS t (user_no, other, last)
         SELECT one, two, max(id) FROM (SELECT receiver AS one, sender_no AS two, message_id AS id FROM ${rows}
           UNION ALL SELECT sender_no, receiver, message_id FROM ${rows}) AS pairs WHERE $3::boolean
         GROUP BY one, two ORDER BY one, two
         ON CONFLICT (user_no, other) DO UPDATE SET last = greatest(t.last, excluded.last)`;
  const moved = 'receiver, position, id, accepted_at, key, sender, fingerprint, body';
  return {
    overdue: named(
      'overdue',
      `SELECT receiver AS no, position FROM ${message} WHERE since < $1::bigint ORDER BY since, id LIMIT $2`,
    ),
    lockOverdue: named(
      'lock_overdue',
      `SELECT no FROM ${state} WHERE no = ANY ($1::bigint[]) ORDER BY no FOR NO KEY UPDATE SKIP LOCKED`,
    ),
    die: named(
      'die',
      `WITH s AS MATERIALIZED (SELECT no, greatest(v6, taken) AS taken FROM ${state} WHERE no = ANY ($1::bigint[])),
       found AS MATERIALIZED (SELECT k.n, k.no, k.position, m.place, m.stays, m.position > s.taken AND NOT m.is_marked AS waits
         FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS k (no, position, n) JOIN s USING (no),
         LATERAL (SELECT ctid AS place, position, taken AS is_marked, echo IS NOT NULL AS stays FROM ${message} AS m
           WHERE m.receiver = k.no AND m.position = k.position AND m.in_log LIMIT 1) AS m),
       idle AS (UPDATE ${message} SET since = NULL WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE NOT waits))),
       deleted AS (DELETE FROM ${message} WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE waits AND NOT stays))
         AND echo IS NULL RETURNING ${moved}),
       kept AS (UPDATE ${message} SET in_log = false, since = NULL, gone_at = $3::bigint, pair_a = NULL, pair_b = NULL
         WHERE ctid = ANY (ARRAY(SELECT place FROM found WHERE waits AND stays)) RETURNING ${moved}),
       cleared AS MATERIALIZED (SELECT ${moved} FROM deleted UNION ALL SELECT ${moved} FROM kept),
       died AS (INSERT INTO ${dead} (receiver, position, message_id, accepted_at, died_at, key, cause, sender, fingerprint, body)
         SELECT receiver, c.position, id, accepted_at, $3::bigint, key, $4::text, sender, fingerprint, body FROM cleared AS c
         JOIN found AS f ON f.no = c.receiver AND f.position = c.position ORDER BY f.n RETURNING *),
       counted AS MATERIALIZED (SELECT receiver AS no, count(*) AS messages, sum(octet_length(body))::bigint AS bytes
         FROM cleared GROUP BY receiver),
       stated AS (UPDATE ${state} AS s SET gone = s.gone + c.messages, gone_bytes = s.gone_bytes + c.bytes,
         removed_entries = s.removed_entries + c.messages FROM counted AS c WHERE s.no = c.no AND s.no = ANY ($1::bigint[])),
       added AS (${tables.add({
         waiting: `-${countOf('cleared')}`,
         waitingBytes: `-${sumOf('octet_length(body)', 'cleared')}`,
         dead: countOf('cleared'),
         bytes: sumOf(ROW_BYTES, 'kept'),
       })})
       SELECT ${columns('d')} FROM died AS d ORDER BY d.id`,
    ),
    list: named(
      'list',
      `SELECT ${columns('d')} FROM ${dead} AS d WHERE d.id > $1::bigint ORDER BY d.id LIMIT $2`,
    ),
    listOf: named(
      'list_of',
      `SELECT ${columns('d')} FROM ${dead} AS d WHERE d.receiver = (SELECT no FROM ${log} WHERE id = $3::bytea LIMIT 1)
       AND d.id > $1::bigint ORDER BY d.id LIMIT $2`,
    ),
    find: named(
      'find',
      `SELECT d.id, ${receiverId('d')}, octet_length(d.body) AS bytes, d.sender
       FROM unnest($1::bigint[]) WITH ORDINALITY AS k (id, n),
       LATERAL (SELECT id, receiver, body, sender FROM ${dead} AS d WHERE d.id = k.id LIMIT 1) AS d ORDER BY k.n`,
    ),
    lockLogs: named(
      'lock_logs',
      `WITH l AS MATERIALIZED (SELECT no, id, sent, sent_bytes FROM ${log} WHERE id = ANY ($1::bytea[])
         ORDER BY no FOR NO KEY UPDATE)
       SELECT l.id, l.sent - s.gone AS messages, l.sent_bytes - s.gone_bytes AS bytes FROM l,
         LATERAL (SELECT gone, gone_bytes FROM ${state} AS s WHERE s.no = l.no LIMIT 1) AS s`,
    ),
    resend: named(
      'resend',
      `WITH resent AS (DELETE FROM ${dead} WHERE id = ANY ($1::bigint[]) RETURNING *),
       old AS (DELETE FROM ${message} WHERE ctid = ANY (ARRAY(SELECT (SELECT ctid FROM ${message} AS m
           WHERE m.receiver = r.receiver AND m.position = r.position LIMIT 1) FROM resent AS r)) AND NOT in_log
         RETURNING receiver, position, echo, ${ROW_BYTES} AS freed),
       numbered AS MATERIALIZED (SELECT r.*, l.last + row_number() OVER (PARTITION BY r.receiver ORDER BY k.n) AS new_position,
           (SELECT no FROM ${log} AS f WHERE f.id = r.sender LIMIT 1) AS sender_no,
           (SELECT echo FROM old AS o WHERE o.receiver = r.receiver AND o.position = r.position) AS echo
         FROM unnest($1::bigint[]) WITH ORDINALITY AS k (id, n) JOIN resent AS r USING (id),
         LATERAL (SELECT last FROM ${log} AS l WHERE l.no = r.receiver LIMIT 1) AS l),
       messages AS (INSERT INTO ${message} (receiver, position, id, accepted_at, since, key, sender, fingerprint, body, echo, pair_a, pair_b)
         SELECT receiver, new_position, message_id, accepted_at, $2::bigint, key, sender, fingerprint, body, echo,
           CASE WHEN $3::boolean THEN least(receiver, sender_no) END, CASE WHEN $3::boolean THEN greatest(receiver, sender_no) END
         FROM numbered),
       keys AS (INSERT INTO ${key} (key, id, receiver, position) SELECT key, message_id, receiver, new_position FROM numbered
         ON CONFLICT (key) DO UPDATE SET position = excluded.position),
       echoes AS (UPDATE ${echo} AS c SET message_position = n.new_position FROM numbered AS n
         WHERE c.user_no = n.sender_no AND c.position = n.echo AND c.user_no = ANY (ARRAY(SELECT sender_no FROM numbered WHERE echo IS NOT NULL))),
       threads AS (${addThreads('numbered')}),
       adds AS MATERIALIZED (SELECT receiver AS no, count(*) AS messages, sum(octet_length(body)) AS bytes FROM numbered GROUP BY receiver),
       moved AS (UPDATE ${log} AS l SET last = l.last + a.messages, sent = l.sent + a.messages, sent_bytes = l.sent_bytes + a.bytes
         FROM adds AS a WHERE l.no = a.no AND l.no = ANY (ARRAY(SELECT no FROM adds))),
       added AS (${tables.add({
         waiting: countOf('numbered'),
         waitingBytes: sumOf('octet_length(body)', 'numbered'),
         dead: `-${countOf('numbered')}`,
         bytes: `-${sumOf('freed', 'old')}`,
       })})
       SELECT receiver AS no FROM numbered`,
    ),
    confirm: named(
      'confirm',
      `WITH gone AS (DELETE FROM ${dead} WHERE id = ANY ($1::bigint[]) RETURNING *, ${ROW_BYTES} AS freed),
       held AS MATERIALIZED (SELECT m.place, g.id FROM gone AS g, LATERAL (SELECT ctid AS place FROM ${message} AS m
         WHERE m.receiver = g.receiver AND m.position = g.position LIMIT 1) AS m),
       kept AS MATERIALIZED (SELECT g.*, (SELECT no FROM ${log} AS f WHERE f.id = g.sender LIMIT 1) AS sender_no
         FROM gone AS g WHERE $3::boolean),
       restored AS (UPDATE ${message} AS m SET pair_a = least(k.receiver, k.sender_no), pair_b = greatest(k.receiver, k.sender_no)
         FROM held AS h JOIN kept AS k USING (id) WHERE m.receiver = k.receiver AND m.position = k.position
         AND m.ctid = ANY (ARRAY(SELECT place FROM held))),
       inserted AS (INSERT INTO ${message}
           (receiver, position, id, accepted_at, gone_at, key, in_log, sender, fingerprint, body, pair_a, pair_b)
         SELECT receiver, position, message_id, accepted_at, $2::bigint, key, false, sender, fingerprint, body,
           least(receiver, sender_no), greatest(receiver, sender_no) FROM kept WHERE id NOT IN (SELECT id FROM held)
         RETURNING ${ROW_BYTES} AS bytes),
       threads AS (${addThreads('kept')}),
       forgetting AS (INSERT INTO ${forgotten} (at, keys) SELECT $2::bigint, array_agg(key) FROM gone
         WHERE NOT $3::boolean AND id NOT IN (SELECT id FROM held) HAVING count(*) > 0)
       ${tables.add({ dead: `-${countOf('gone')}`, bytes: `${sumOf('bytes', 'inserted')} - ${sumOf('freed', 'gone')}` })}`,
    ),
    discard: named(
      'discard',
      `WITH gone AS (DELETE FROM ${dead} WHERE id = ANY ($1::bigint[]) RETURNING receiver, position, key, ${ROW_BYTES} AS freed),
       ${forget('gone', '$2::bigint')},
       added AS (${tables.add({ dead: `-${countOf('gone')}`, bytes: `-${sumOf('freed', 'gone')}` })})
       SELECT 1 FROM gone`,
    ),
    trim: named(
      'trim',
      `WITH gone AS (DELETE FROM ${dead} WHERE id = ANY (ARRAY(SELECT id FROM ${dead}
           ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING *, ${ROW_BYTES} AS freed),
       ${forget('gone', '$2::bigint')},
       added AS (${tables.add({ dead: `-${countOf('gone')}`, bytes: `-${sumOf('freed', 'gone')}` })})
       SELECT ${columns('d')} FROM gone AS d ORDER BY d.id`,
    ),
  };
}
