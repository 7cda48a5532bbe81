import { inTransaction } from './database.js';
import { numberOf } from './rows.js';
import type { Database } from './sqlite-module.js';

/** Waiting messages by the table, by the index through which queues are read, and by the stored sizes. */
const COUNTS = `SELECT
  (SELECT coalesce(sum(id), 0) FROM message NOT INDEXED WHERE state = 0) AS ids,
  (SELECT coalesce(sum(id), 0) FROM message INDEXED BY message_waiting WHERE state = 0) AS indexed_ids,
  (SELECT count(*) FROM mailbox) AS queues,
  (SELECT count(*) FROM (
    SELECT receiver, count(*) FROM message INDEXED BY message_waiting WHERE state = 0 GROUP BY receiver
    INTERSECT SELECT receiver, messages FROM mailbox)) AS right_queues,
  (SELECT count(DISTINCT receiver) FROM message INDEXED BY message_waiting WHERE state = 0) AS indexed_queues`;

/** What {@link rebuildQueues} computes from the messages. */
const REBUILD = `REINDEX message_waiting;
  DELETE FROM mailbox;
  INSERT INTO mailbox SELECT receiver, count(*), sum(size) FROM message NOT INDEXED WHERE state = 0 GROUP BY receiver;
  UPDATE total SET
    waiting = (SELECT coalesce(sum(messages), 0) FROM mailbox),
    waiting_bytes = (SELECT coalesce(sum(bytes), 0) FROM mailbox),
    dead_letters = (SELECT count(*) FROM message NOT INDEXED WHERE state = 3)`;

/**
 * Whether every waiting message can be found by its receiver, and the queues have their stored sizes. SQLite's own quick check
 * does not compare indexes with their tables.
 */
export function areQueuesRight(database: Database): boolean {
  const row = database.prepare(COUNTS).get();
  const queues = numberOf(row, 'queues');
  return (
    numberOf(row, 'ids') === numberOf(row, 'indexed_ids') &&
    queues === numberOf(row, 'right_queues') &&
    queues === numberOf(row, 'indexed_queues')
  );
}

/** Builds the index and the sizes of the queues anew from the messages. */
export function rebuildQueues(database: Database): void {
  inTransaction(database, () => database.exec(REBUILD));
}
