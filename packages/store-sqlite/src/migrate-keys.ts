import { keyOf } from './hashes.js';
import { KeyIndex } from './key-index.js';
import { numberOf, textOf } from './rows.js';
import type { Database } from './sqlite-module.js';

const PAGE = 10_000;

/** Adds the keys of all messages of an older file. SQL cannot compute the hashes. */
export function keyMessages(database: Database): void {
  const keys = new KeyIndex(database);
  const page = database.prepare(
    'SELECT id, receiver, sender, fingerprint FROM message WHERE id > ? ORDER BY id LIMIT ?',
  );
  let after = -1;
  for (;;) {
    const rows = page.all(after, PAGE);
    if (rows.length === 0) break;
    for (const row of rows) {
      after = numberOf(row, 'id');
      keys.add(keyOf(textOf(row, 'receiver'), textOf(row, 'sender'), textOf(row, 'fingerprint')), after);
    }
  }
  keys.flush();
}
