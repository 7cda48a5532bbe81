import { type CopyProgress, StoreError } from '@imcore/server/ports';
import { inTransaction } from './database.js';
import { type Mark, newMark } from './mark.js';
import { keyMessages } from './migrate-keys.js';
import { migrateLogs } from './migrate-logs.js';
import { LOG_TABLES } from './schema-logs.js';
import type { Database } from './sqlite-module.js';

/** Marks a file as ours: "imco" in ASCII. */
const APPLICATION_ID = 0x696d636f;

/** What a step does in addition to its SQL. */
type AfterStep = (database: Database, onProgress: OnProgress) => unknown;

/** Is called while a step copies messages. */
type OnProgress = (progress: CopyProgress) => void;

/**
 * The migrations from an empty file to the newest schema. A file's `user_version` is the number of steps applied. A
 * released step never changes.
 *
 * Step 5 turns queues into logs; see {@link LOG_TABLES}. Until then there is one table of messages: `state` 0 waiting,
 * 1 confirmed and kept for the history, 2 confirmed and its body deleted, 3 dead letter; `origin` is the first id of a message
 * that was resent, `since` the time of the resend; the table `mailbox` holds the size of each queue. `total` holds the sums of
 * all and the {@link Mark} of the file.
 */
export const STEPS: readonly { readonly sql: string; readonly after?: AfterStep }[] = [
  {
    sql: `CREATE TABLE message (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     receiver TEXT NOT NULL,
     sender TEXT NOT NULL,
     fingerprint TEXT NOT NULL,
     body BLOB,
     accepted_at INTEGER NOT NULL,
     confirmed_at INTEGER
   ) STRICT;
   CREATE UNIQUE INDEX message_key ON message (sender, fingerprint, receiver);
   CREATE INDEX message_waiting ON message (receiver, id) WHERE confirmed_at IS NULL;
   CREATE INDEX message_confirmed ON message (confirmed_at) WHERE confirmed_at IS NOT NULL;`,
  },
  {
    sql: `DROP INDEX message_key;
   DROP INDEX message_waiting;
   DROP INDEX message_confirmed;
   ALTER TABLE message RENAME TO message_1;
   CREATE TABLE message (
     id INTEGER PRIMARY KEY,
     state INTEGER NOT NULL,
     receiver TEXT NOT NULL,
     sender TEXT NOT NULL,
     fingerprint TEXT NOT NULL,
     accepted_at INTEGER NOT NULL,
     size INTEGER NOT NULL,
     since INTEGER,
     origin INTEGER,
     cause INTEGER,
     done_at INTEGER,
     pair BLOB,
     body BLOB
   ) STRICT;
   INSERT INTO message (id, state, receiver, sender, fingerprint, accepted_at, size, done_at, body)
     SELECT id, iif(confirmed_at IS NULL, 0, 2), receiver, sender, fingerprint, accepted_at,
       coalesce(length(body), 0), confirmed_at, body FROM message_1 ORDER BY id;
   CREATE INDEX message_waiting ON message (receiver, id) WHERE state = 0;
   CREATE INDEX message_kept ON message (done_at) WHERE state = 1;
   CREATE INDEX message_known ON message (done_at) WHERE state = 2;
   CREATE INDEX message_dead ON message (id, receiver) WHERE state = 3;
   CREATE INDEX message_pair ON message (pair, id) WHERE pair IS NOT NULL;
   CREATE TABLE message_key (
     generation INTEGER NOT NULL, hash BLOB NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (generation, hash)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE key_filter (generation INTEGER PRIMARY KEY, bits BLOB NOT NULL) STRICT;
   CREATE TABLE mailbox (
     receiver TEXT PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO mailbox SELECT receiver, count(*), sum(size) FROM message WHERE state = 0 GROUP BY receiver;
   CREATE TABLE total (
     one INTEGER PRIMARY KEY CHECK (one = 1), last_id INTEGER NOT NULL, waiting INTEGER NOT NULL,
     waiting_bytes INTEGER NOT NULL, dead_letters INTEGER NOT NULL
   ) STRICT;
   INSERT INTO total SELECT 1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'message_1'), 0),
     count(*), coalesce(sum(size), 0), 0 FROM message WHERE state = 0;
   DROP TABLE message_1;`,
    after: (database) => keyMessages(database),
  },
  {
    sql: `ALTER TABLE message ADD COLUMN checksum INTEGER;
   ALTER TABLE total ADD COLUMN mark BLOB;`,
    after: (database) => database.prepare('UPDATE total SET mark = ?').run(newMark()),
  },
  {
    // Generations of 8192 ids; before, they had 32 768, as the filters still do.
    sql: `CREATE TABLE message_key_4 (
     generation INTEGER NOT NULL, hash BLOB NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (generation, hash)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO message_key_4 SELECT coalesce(origin, id) / 8192 AS generation, hash, id
     FROM message_key JOIN message USING (id) ORDER BY 1, 2;
   DROP TABLE message_key;
   ALTER TABLE message_key_4 RENAME TO message_key;`,
  },
  {
    sql: `DROP INDEX message_waiting;
   DROP INDEX message_kept;
   DROP INDEX message_known;
   DROP INDEX message_dead;
   DROP INDEX message_pair;
   ALTER TABLE message RENAME TO message_4;
   ALTER TABLE total ADD COLUMN last_dead INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN epoch TEXT;
   ${LOG_TABLES}`,
    after: migrateLogs,
  },
];

/** Whether a file has steps left to apply. @throws StoreError for another program's file or a newer version. */
export function needsSteps(database: Database, file: string): boolean {
  const applicationId = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (applicationId !== 0 && applicationId !== APPLICATION_ID) {
    throw new StoreError(
      'ERR_STORE_FOREIGN',
      `${file} is another program's database (application id ${applicationId})`,
    );
  }
  if (applicationId === 0 && pragma(database, 'schema_version') !== 0) {
    throw new StoreError('ERR_STORE_FOREIGN', `${file} is another program's database`);
  }
  if (version > STEPS.length) {
    throw new StoreError(
      'ERR_STORE_NEWER',
      `${file} has schema version ${version}, but this imcore supports up to version ${STEPS.length}: update imcore`,
    );
  }
  return version < STEPS.length;
}

/** Migrates a file to the newest schema. Each step is one transaction. */
export function takeSteps(
  database: Database,
  upTo: number = STEPS.length,
  onProgress: OnProgress = () => {},
): void {
  const version = pragma(database, 'user_version');
  for (const [index, { sql, after }] of STEPS.slice(0, upTo).entries()) {
    if (index < version) continue;
    inTransaction(database, () => {
      database.exec(sql);
      after?.(database, onProgress);
      database.exec(`PRAGMA user_version = ${index + 1}; PRAGMA application_id = ${APPLICATION_ID};`);
    });
  }
}

/** @throws StoreError `ERR_STORE_DAMAGED` */
export function checkIntegrity(database: Database, file: string): void {
  const row = database.prepare('PRAGMA quick_check(1)').get();
  const result = typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
  if (result !== 'ok') throw new StoreError('ERR_STORE_DAMAGED', `${file} is damaged: ${String(result)}`);
}

export function pragma(database: Database, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  const value = typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
  return typeof value === 'number' ? value : 0;
}
