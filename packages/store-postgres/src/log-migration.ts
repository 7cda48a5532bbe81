import type { CopyProgress } from '@imcore/server/ports';
import type { ClientBase, QueryConfig } from 'pg';
import { LOG_INDEXES, LOG_TABLES } from './log-schema.js';
import { KEY_OVERHEAD, ROW_BYTES } from './tables.js';
import { MESSAGE_KEY } from './text-key.js';

/** Users whose messages are moved with one statement. */
const USERS_OF_SLICE = 2000;
/** Keys of one row of `forgotten`. */
const KEYS_OF_ROW = 1000;

/** How long the client waits for a statement of a migration, in milliseconds: a day. 0 would be the default of the connection. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** Called during a migration. Both numbers count rows. */
export type ReportProgress = (progress: CopyProgress) => void;

/**
 * Moves the messages of older versions into logs, inside the caller's transaction. Waiting messages become the entries 1, 2, 3 … of
 * their receivers, in their order. What is in no log gets a position below 0, which no device can name. No user has a device.
 */
export async function migrateToLogs(client: ClientBase, report: ReportProgress): Promise<void> {
  await client.query(withoutTimeout(LOG_TABLES));
  const { rows } = await client.query<{ rows: string; waiting: string }>(
    withoutTimeout(
      'SELECT count(*) AS rows, count(*) FILTER (WHERE confirmed_at IS NULL AND died_at IS NULL) AS waiting FROM message',
    ),
  );
  const waiting = Number(rows[0]?.waiting ?? 0);
  const total = Number(rows[0]?.rows ?? 0) + waiting;
  if (total > 0) {
    await client.query(withoutTimeout(USERS));
    await moveWaiting(client, (done) => report({ done, total }));
    await client.query(withoutTimeout(OTHERS));
    report({ done: waiting, total });
    await client.query(withoutTimeout(KEYS));
    report({ done: total, total });
  }
  await client.query(withoutTimeout(LOG_INDEXES));
  await client.query(withoutTimeout(ENDS));
  await client.query(
    withoutTimeout(`${TOTALS} DROP TABLE message; ANALYZE user_log, log_state, log_message, log_key`),
  );
}

/** A statement of a migration: it takes as long as there are messages. */
export function withoutTimeout(text: string): QueryConfig & { readonly query_timeout: number } {
  return { text, query_timeout: PATIENCE_MS };
}

async function moveWaiting(client: ClientBase, report: (done: number) => void): Promise<void> {
  const { rows } = await client.query<{ last: string }>('SELECT coalesce(max(no), 0) AS last FROM user_log');
  const last = Number(rows[0]?.last ?? 0);
  let done = 0;
  for (let first = 0; first < last; first += USERS_OF_SLICE) {
    const { rowCount } = await client.query({
      ...withoutTimeout(WAITING),
      values: [first, first + USERS_OF_SLICE],
    });
    done += rowCount ?? 0;
    report(done);
  }
}

const USERS = `
  INSERT INTO user_log (id) SELECT receiver FROM message UNION SELECT sender FROM message WHERE kept ORDER BY 1;
  ANALYZE user_log;
  INSERT INTO log_state (no) SELECT no FROM user_log;`;

const PAIR = `
    CASE WHEN m.kept THEN least(u.no, (SELECT no FROM user_log AS f WHERE f.id = m.sender LIMIT 1)) END,
    CASE WHEN m.kept THEN greatest(u.no, (SELECT no FROM user_log AS f WHERE f.id = m.sender LIMIT 1)) END`;
const COLUMNS =
  'receiver, position, id, accepted_at, since, gone_at, key, in_log, sender, fingerprint, body, pair_a, pair_b';

/** The queues of some users. Each is a range of the index on the receiver. */
const WAITING = `
  INSERT INTO log_message (${COLUMNS})
  SELECT u.no, row_number() OVER (PARTITION BY u.no ORDER BY m.id), m.id, m.accepted_at, m.since, NULL,
    ${MESSAGE_KEY}, true, m.sender, m.fingerprint, coalesce(m.body, ''), ${PAIR}
  FROM user_log AS u, LATERAL (SELECT * FROM message AS m WHERE m.receiver = u.id
    AND m.confirmed_at IS NULL AND m.died_at IS NULL OFFSET 0) AS m
  WHERE u.no > $1 AND u.no <= $2`;

/** Messages of the history that are taken, dead letters, and the ends of the logs. */
const OTHERS = `
  INSERT INTO log_message (${COLUMNS})
  SELECT u.no, -m.id, m.id, m.accepted_at, NULL, m.confirmed_at, ${MESSAGE_KEY}, false, m.sender, m.fingerprint,
    coalesce(m.body, ''), ${PAIR}
  FROM message AS m JOIN user_log AS u ON u.id = m.receiver WHERE m.kept AND m.confirmed_at IS NOT NULL;
  INSERT INTO dead_letter (id, receiver, position, message_id, accepted_at, died_at, key, cause, sender, fingerprint, body)
  SELECT m.id, u.no, -m.id, m.id, m.accepted_at, m.died_at, ${MESSAGE_KEY}, m.cause, m.sender, m.fingerprint, coalesce(m.body, '')
  FROM message AS m JOIN user_log AS u ON u.id = m.receiver WHERE m.died_at IS NOT NULL;
  UPDATE user_log AS u SET last = w.messages, sent = w.messages, sent_bytes = w.bytes
  FROM (SELECT receiver, count(*) AS messages, sum(octet_length(body)) AS bytes FROM log_message WHERE in_log GROUP BY receiver) AS w
  WHERE w.receiver = u.no;`;

/** Keys of all messages; those of confirmed ones are forgotten in time. A kept message takes its key along. */
const KEYS = `
  INSERT INTO log_key (key, id, receiver, position) SELECT key, id, receiver, position FROM log_message
  UNION ALL SELECT key, message_id, receiver, position FROM dead_letter
  UNION ALL SELECT ${MESSAGE_KEY}, m.id, (SELECT no FROM user_log AS u WHERE u.id = m.receiver LIMIT 1), -m.id
    FROM message AS m WHERE confirmed_at IS NOT NULL AND NOT kept;
  INSERT INTO forgotten (at, keys)
  SELECT max(confirmed_at), array_agg(key) FROM (
    SELECT confirmed_at, ${MESSAGE_KEY} AS key, row_number() OVER (ORDER BY confirmed_at) / ${KEYS_OF_ROW} AS part
    FROM message WHERE confirmed_at IS NOT NULL AND NOT kept) AS f GROUP BY part;`;

const ENDS = `
  SELECT setval('log_message_id', coalesce(max(id), 0) + 1, false) FROM message;
  SELECT setval(pg_get_serial_sequence('dead_letter', 'id'), coalesce(max(id), 0) + 1, false) FROM message;
  INSERT INTO thread (user_no, other, last)
  SELECT one, two, max(id) FROM (SELECT pair_a AS one, pair_b AS two, id FROM log_message WHERE pair_a IS NOT NULL
    UNION ALL SELECT pair_b, pair_a, id FROM log_message WHERE pair_a IS NOT NULL) AS pairs GROUP BY one, two;`;

const TOTALS = `
  UPDATE imcore_total SET waiting = 0, waiting_bytes = 0, dead = 0, total_bytes = 0;
  UPDATE imcore_total SET (waiting, waiting_bytes) = (SELECT coalesce(sum(sent), 0), coalesce(sum(sent_bytes), 0) FROM user_log),
    dead = (SELECT count(*) FROM dead_letter),
    total_bytes = (SELECT coalesce(sum(${ROW_BYTES}), 0) FROM log_message) + (SELECT coalesce(sum(${ROW_BYTES}), 0) FROM dead_letter)
      + ${KEY_OVERHEAD} * (SELECT count(*) FROM log_key) WHERE shard = 0;`;
