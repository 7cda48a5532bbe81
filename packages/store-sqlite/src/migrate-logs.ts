import { randomBytes } from 'node:crypto';
import type { CopyProgress } from '@imcore/server/ports';
import { keyOf } from './hashes.js';
import { FILTER_KEYS } from './key-filters.js';
import { GENERATION_KEYS } from './key-index.js';
import { integerOf, numberOf, textOf } from './rows.js';
import { LOG_INDEXES } from './schema-logs.js';
import type { Database } from './sqlite-module.js';

/** Messages copied by one round of statements: about 100 ms. */
const PAGE = 10_000;

/** The old rows of a page, whose bounds are the parameters 1 (exclusive) and 2 (inclusive). */
const OLD = 'message_4 AS old WHERE old.id > ?1 AND old.id <= ?2';

/**
 * The statements for a page of old rows, in this order. Waiting messages become entries 1, 2, 3 … of their receivers' logs,
 * in the order of their ids. Dead letters keep their numbers; nobody knows the positions that they had, so they get their own
 * below 0.
 */
const STATEMENTS = [
  `INSERT INTO user (id, last, taken, v6, devices, waiting, waiting_bytes)
     SELECT receiver, 0, 0, 0, 0, 0, 0 FROM ${OLD} ORDER BY old.id ON CONFLICT DO NOTHING`,
  `INSERT INTO user (id, last, taken, v6, devices, waiting, waiting_bytes)
     SELECT sender, 0, 0, 0, 0, 0, 0 FROM ${OLD} AND pair IS NOT NULL ORDER BY old.id ON CONFLICT DO NOTHING`,
  `INSERT INTO conversation (a, b, last)
     SELECT min(receiver.no, sender.no), max(receiver.no, sender.no), iif(state IN (0, 1), old.id, 0)
     FROM message_4 AS old JOIN user AS receiver ON receiver.id = old.receiver JOIN user AS sender ON sender.id = old.sender
     WHERE old.id > ?1 AND old.id <= ?2 AND pair IS NOT NULL ORDER BY old.id
     ON CONFLICT (a, b) DO UPDATE SET last = max(last, excluded.last)`,
  `INSERT INTO message (id, receiver, position, sender, fingerprint, accepted_at, since, state, refs, size, conversation,
       done_at, checksum, body)
     SELECT old.id, receiver.no, CASE state WHEN 0 THEN receiver.last + nth WHEN 3 THEN -old.id ELSE 0 END, old.sender,
       fingerprint, accepted_at, iif(state = 0, since, NULL), state, iif(state IN (0, 3), 1, 0), size, conversation.no,
       done_at, checksum, body
     FROM message_4 AS old JOIN user AS receiver ON receiver.id = old.receiver
     LEFT JOIN (SELECT old.id AS of, row_number() OVER (PARTITION BY receiver ORDER BY old.id) AS nth FROM ${OLD} AND state = 0)
       ON of = old.id
     LEFT JOIN user AS sender ON sender.id = old.sender AND pair IS NOT NULL
     LEFT JOIN conversation ON a = min(receiver.no, sender.no) AND b = max(receiver.no, sender.no)
     WHERE old.id > ?1 AND old.id <= ?2 ORDER BY old.id`,
  `INSERT INTO entry (user, position, message, kind, size, taken)
     SELECT receiver, position, id, 0, size, 0 FROM message WHERE id > ?1 AND id <= ?2 AND state = 0
     ORDER BY receiver, position`,
  `INSERT INTO dead (id, user, position, message, cause, dead_at)
     SELECT old.id, user.no, -old.id, old.id, coalesce(cause, 0), coalesce(done_at, 0)
     FROM message_4 AS old JOIN user ON user.id = old.receiver
     WHERE old.id > ?1 AND old.id <= ?2 AND state = 3 ORDER BY old.id`,
  `UPDATE user SET last = top, waiting = waiting + messages, waiting_bytes = waiting_bytes + bytes
     FROM (SELECT receiver, max(position) AS top, count(*) AS messages, sum(size) AS bytes FROM message
       WHERE id > ?1 AND id <= ?2 AND state = 0 GROUP BY receiver)
     WHERE no = receiver`,
] as const;

/** Copies the table `message_4`, of schema 4, to the tables of the logs. `done` and `total` are ids. */
export function migrateLogs(database: Database, onProgress: (progress: CopyProgress) => void): void {
  database.exec(
    'CREATE UNIQUE INDEX user_id ON user (id); CREATE UNIQUE INDEX conversation_pair ON conversation (a, b)',
  );
  const bounds = database.prepare('SELECT min(id) AS first, max(id) AS last FROM message_4').get();
  const first = numberOf(bounds, 'first');
  const total = numberOf(bounds, 'last') - first + 1;
  const end = database.prepare(
    'SELECT max(id) AS id FROM (SELECT id FROM message_4 WHERE id > ? ORDER BY id LIMIT ?)',
  );
  const statements = STATEMENTS.map((sql) => database.prepare(sql));
  const moveKeys = keyMover(database);
  let after = first - 1;
  for (;;) {
    const to = integerOf(end.get(after, PAGE), 'id');
    if (to === undefined) break;
    for (const statement of statements) statement.run(after, to);
    moveKeys(after, to);
    after = to;
    onProgress({ done: to - first + 1, total });
  }
  database.exec(`DROP TABLE message_4; DROP TABLE mailbox; ${LOG_INDEXES}`);
  database.prepare('UPDATE total SET last_dead = last_id, epoch = ?').run(randomBytes(12).toString('hex'));
}

/**
 * The key of a message that was resent was in the generation of its first id; now it must be in that of its id. The filters of
 * those generations are computed anew when the file is opened.
 */
function keyMover(database: Database): (after: number, to: number) => void {
  const moved = database.prepare(
    `SELECT old.id, origin, receiver, sender, fingerprint FROM ${OLD}
     AND origin IS NOT NULL AND origin / ${GENERATION_KEYS} <> old.id / ${GENERATION_KEYS}`,
  );
  const move = database.prepare('UPDATE message_key SET generation = ? WHERE generation = ? AND hash = ?');
  const forgetFilter = database.prepare('DELETE FROM key_filter WHERE generation = ?');
  return (after, to) => {
    for (const row of moved.all(after, to)) {
      const [id, origin] = [numberOf(row, 'id'), numberOf(row, 'origin')];
      const key = keyOf(textOf(row, 'receiver'), textOf(row, 'sender'), textOf(row, 'fingerprint'));
      move.run(Math.floor(id / GENERATION_KEYS), Math.floor(origin / GENERATION_KEYS), key);
      forgetFilter.run(Math.floor(id / FILTER_KEYS));
    }
  };
}
