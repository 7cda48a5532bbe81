import { StoreError } from '@imcore/server/ports';
import type { Database } from './database.js';

/** Marks a file as ours: "imco" in ASCII. */
const APPLICATION_ID = 0x696d636f;

/**
 * The steps from an empty file to the newest schema; a file's `user_version` says how many it has taken. A step is
 * never changed once released.
 *
 * `id` is in the order of arrival, so that a mailbox is a range of the index on the receiver. A confirmed message
 * keeps its row without its body for a while, so that a late copy is known.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE message (
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
];

/**
 * Brings a file to the newest schema.
 *
 * @throws StoreError `ERR_STORE_FAILED` when the file is damaged, belongs to another program or to a newer version.
 */
export function prepareSchema(database: Database, file: string): void {
  const applicationId = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (applicationId !== 0 && applicationId !== APPLICATION_ID) {
    throw new StoreError(
      'ERR_STORE_FAILED',
      `${file} is a database of another program (application id ${applicationId})`,
    );
  }
  if (version > STEPS.length) {
    throw new StoreError(
      'ERR_STORE_FAILED',
      `${file} has schema version ${version}, this version knows up to ${STEPS.length}: update imcore`,
    );
  }
  const state = database.prepare('PRAGMA quick_check(1)').get();
  if (!isOk(state)) throw new StoreError('ERR_STORE_FAILED', `${file} is damaged: ${JSON.stringify(state)}`);
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    database.exec(
      `BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT;`,
    );
  }
}

function pragma(database: Database, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  const value = typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
  return typeof value === 'number' ? value : 0;
}

function isOk(row: unknown): boolean {
  return typeof row === 'object' && row !== null && Object.values(row)[0] === 'ok';
}
