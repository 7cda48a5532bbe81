import { openDatabase } from '../src/database.js';
import { keyOf, pairOf } from '../src/hashes.js';
import { GENERATION_KEYS } from '../src/key-index.js';
import { takeSteps } from '../src/schema.js';
import type { Database } from '../src/sqlite-module.js';
import { toFingerprintColumn } from '../src/text-column.js';
import { message } from './temporary-folder.js';

/** A row of a file of version 4. `state`: 0 waiting, 1 kept for the history, 2 known, 3 dead letter. */
export interface OldRow {
  readonly id: number;
  readonly to: string;
  readonly state: 0 | 1 | 2 | 3;
  readonly hasPair?: boolean;
  readonly origin?: number;
  readonly cause?: number;
}

/** Writes a file as imcore with schema 4 did. The messages are named after their ids. */
export function writeVersion4(file: string, rows: Iterable<OldRow>): void {
  const database = openDatabase(file);
  database.exec('PRAGMA journal_mode=WAL');
  takeSteps(database, 4);
  database.exec('BEGIN');
  for (const row of rows) insert(database, row);
  database.exec(`INSERT INTO mailbox SELECT receiver, count(*), sum(size) FROM message WHERE state = 0 GROUP BY receiver;
    UPDATE total SET last_id = (SELECT coalesce(max(id), 0) FROM message),
      waiting = (SELECT count(*) FROM message WHERE state = 0),
      waiting_bytes = (SELECT coalesce(sum(size), 0) FROM message WHERE state = 0),
      dead_letters = (SELECT count(*) FROM message WHERE state = 3);
    COMMIT`);
  database.close();
}

function insert(database: Database, { id, to, state, hasPair, origin, cause }: OldRow): void {
  const { from, fingerprint, body } = message(`${id}`, to);
  const column = toFingerprintColumn(fingerprint, body);
  database
    .prepare(
      `INSERT INTO message (id, state, receiver, sender, fingerprint, accepted_at, size, since, origin, cause, done_at, pair, body)
       VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[id, state, to, from, column, body.length, origin === undefined ? null : 5, origin ?? null],
      ...[cause ?? null, state === 0 ? null : 7, hasPair ? pairOf(to, from) : null],
      state === 2 ? null : Buffer.from(body),
    );
  database
    .prepare('INSERT INTO message_key (generation, hash, id) VALUES (?, ?, ?)')
    .run(Math.floor((origin ?? id) / GENERATION_KEYS), keyOf(to, from, column), id);
}
