/**
 * The tables of the logs.
 *
 * `user`: one row for each user that ever got an entry; never deleted, so that no position is given twice. `last` is the
 * position of the last entry, `taken` the largest position that a named device has reported, `v6` the position up to which the
 * v6 device has nothing left to take: entries that it took, echoes, and removed ones. `v6_seen_at` is NULL while there is no v6
 * device. `devices` is the number of named devices, `waiting` and `waiting_bytes` what no device has taken.
 *
 * `message`: `receiver` and `position` are where its entry is, `echo` is the position in the sender's log. `refs` counts its
 * entries and its dead letter. `state`: 0 it has its entry, 1 the entry was taken and removed, 2 as 1 but not in the history, 3
 * dead letter. With `refs` 0, a row of state 1 is kept for the history, and one of state 2 is a key without a body. `since` is
 * the time of the last resend, `done_at` when the entry was taken. The body follows the columns that are read without it.
 * `checksum` covers it and the names of sender, receiver and message; messages of old versions have none.
 *
 * `entry`: `kind` 0 is a message, 1 an echo. `taken`: the v6 device has taken it before an older one.
 *
 * `conversation`: two users, `a` has the smaller number, and the newest message of the history. Only with a history.
 */
export const LOG_TABLES = `
   CREATE TABLE user (
     no INTEGER PRIMARY KEY, id TEXT NOT NULL, last INTEGER NOT NULL, taken INTEGER NOT NULL, v6 INTEGER NOT NULL,
     v6_seen_at INTEGER, devices INTEGER NOT NULL, waiting INTEGER NOT NULL, waiting_bytes INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE message (
     id INTEGER PRIMARY KEY,
     receiver INTEGER NOT NULL,
     position INTEGER NOT NULL,
     sender TEXT NOT NULL,
     echo INTEGER,
     fingerprint TEXT NOT NULL,
     accepted_at INTEGER NOT NULL,
     since INTEGER,
     state INTEGER NOT NULL,
     refs INTEGER NOT NULL,
     size INTEGER NOT NULL,
     conversation INTEGER,
     done_at INTEGER,
     checksum INTEGER,
     body BLOB
   ) STRICT;
   CREATE TABLE entry (
     user INTEGER NOT NULL, position INTEGER NOT NULL, message INTEGER NOT NULL, kind INTEGER NOT NULL,
     size INTEGER NOT NULL, taken INTEGER NOT NULL, PRIMARY KEY (user, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE device (
     user INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL,
     seen_at INTEGER NOT NULL, PRIMARY KEY (user, id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE dead (
     id INTEGER PRIMARY KEY, user INTEGER NOT NULL, position INTEGER NOT NULL, message INTEGER NOT NULL,
     cause INTEGER NOT NULL, dead_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE conversation (
     no INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL, last INTEGER NOT NULL
   ) STRICT;`;

/** Created after a migration has filled the tables. It creates the unique ones, `user_id` and `conversation_pair`, before. */
export const LOG_INDEXES = `
   CREATE INDEX user_occupied ON user (no) WHERE v6 < last OR devices > 0;
   CREATE INDEX user_v6_seen ON user (v6_seen_at) WHERE v6_seen_at IS NOT NULL AND devices > 0;
   CREATE INDEX message_kept ON message (done_at) WHERE state = 1 AND refs = 0;
   CREATE INDEX message_known ON message (done_at) WHERE state = 2 AND refs = 0;
   CREATE INDEX message_resent ON message (since) WHERE since IS NOT NULL AND state = 0;
   CREATE INDEX message_conversation ON message (conversation, id) WHERE conversation IS NOT NULL;
   CREATE INDEX device_seen ON device (seen_at);
   CREATE INDEX dead_user ON dead (user, id);
   CREATE INDEX dead_position ON dead (user, position);
   CREATE INDEX conversation_a ON conversation (a, last);
   CREATE INDEX conversation_b ON conversation (b, last);`;
