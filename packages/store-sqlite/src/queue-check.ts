import { inTransaction } from './database.js';
import { numberOf } from './rows.js';
import type { Database } from './sqlite-module.js';

/** Entries that belong to their messages. */
const OWN = `entry CROSS JOIN message ON message.id = entry.message
  AND iif(kind = 0, receiver = entry.user AND message.position = entry.position AND state = 0, echo = entry.position)`;

/** Users whose row does not agree with their log: what waits, and the place of the last entry. */
const WRONG_USERS = `SELECT no FROM user NOT INDEXED WHERE (waiting, waiting_bytes) <> (
    SELECT count(*), coalesce(sum(size), 0) FROM entry
    WHERE entry.user = no AND position > max(user.v6, user.taken) AND kind = 0 AND entry.taken = 0)
  OR last < coalesce((SELECT max(position) FROM entry WHERE entry.user = no), 0)
  OR v6 > last OR user.taken > last`;

/** Each column must be 0. */
const CHECKS = `SELECT
  (SELECT count(*) FROM entry) - (SELECT count(*) FROM ${OWN}) AS lost_entries,
  (SELECT count(*) FROM message NOT INDEXED WHERE state = 0) - (SELECT count(*) FROM entry WHERE kind = 0) AS lost_messages,
  (SELECT count(*) FROM entry WHERE NOT EXISTS (SELECT 1 FROM user NOT INDEXED WHERE no = entry.user)) AS lost_users,
  (SELECT count(*) FROM (${WRONG_USERS})) AS wrong_users,
  (SELECT count(*) FROM user AS one NOT INDEXED WHERE NOT EXISTS (
    SELECT 1 FROM user AS other INDEXED BY user_id WHERE other.id = one.id AND other.no = one.no)) AS lost_ids,
  (SELECT count(*) FROM user NOT INDEXED WHERE v6 < last)
    - (SELECT count(*) FROM user INDEXED BY user_occupied WHERE v6 < last) AS lost_queues,
  (SELECT count(*) FROM message NOT INDEXED WHERE state = 3)
    - (SELECT count(*) FROM dead JOIN message ON message.id = dead.message WHERE state = 3) AS lost_dead_letters`;

/**
 * What {@link rebuildQueues} computes from the messages. If the row of a user is wrong, everything in the user's log waits again:
 * a client recognizes a message that it gets twice, and nobody notices one that is lost.
 */
const REBUILD = `REINDEX user; REINDEX dead;
  DELETE FROM entry WHERE (user, position) NOT IN (SELECT entry.user, entry.position FROM ${OWN});
  INSERT INTO user (no, id, last, taken, v6, devices, waiting, waiting_bytes)
    SELECT DISTINCT receiver, 'lost user ' || receiver, 0, 0, 0, 0, 0, 0 FROM message
    WHERE state = 0 AND NOT EXISTS (SELECT 1 FROM user WHERE no = receiver);
  INSERT INTO entry (user, position, message, kind, size, taken)
    SELECT receiver, position, id, 0, size, 0 FROM message NOT INDEXED WHERE state = 0 ON CONFLICT DO NOTHING;
  UPDATE user SET last = max(last, coalesce((SELECT max(position) FROM entry WHERE entry.user = no), 0));
  CREATE TEMP TABLE wrong_user AS ${WRONG_USERS};
  UPDATE entry SET taken = 0 WHERE taken <> 0 AND user IN wrong_user;
  UPDATE user SET v6 = min(v6, (SELECT min(position) FROM entry WHERE entry.user = no) - 1), taken = 0
    WHERE no IN wrong_user AND EXISTS (SELECT 1 FROM entry WHERE entry.user = no);
  DROP TABLE wrong_user;
  UPDATE user SET v6 = min(v6, last), taken = min(taken, last);
  UPDATE user SET (waiting, waiting_bytes) = (
    SELECT count(*), coalesce(sum(size), 0) FROM entry
    WHERE entry.user = no AND position > max(user.v6, user.taken) AND kind = 0 AND entry.taken = 0);
  INSERT INTO dead (user, position, message, cause, dead_at)
    SELECT receiver, position, id, 2, coalesce(done_at, 0) FROM message NOT INDEXED
    WHERE state = 3 AND id NOT IN (SELECT message FROM dead);
  UPDATE total SET
    waiting = (SELECT coalesce(sum(waiting), 0) FROM user),
    waiting_bytes = (SELECT coalesce(sum(waiting_bytes), 0) FROM user),
    dead_letters = (SELECT count(*) FROM dead),
    last_dead = max(last_dead, (SELECT coalesce(max(id), 0) FROM dead))`;

/**
 * Whether every message can be found in its log, and the rows of the users agree with their logs. SQLite's own quick check does
 * not compare indexes with their tables.
 */
export function areQueuesRight(database: Database): boolean {
  const row = database.prepare(CHECKS).get();
  return (
    typeof row === 'object' && row !== null && Object.keys(row).every((name) => numberOf(row, name) === 0)
  );
}

/** Rebuilds the logs and the rows of the users from the messages. */
export function rebuildQueues(database: Database): void {
  inTransaction(database, () => database.exec(REBUILD));
}
