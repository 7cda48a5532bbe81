import { copyFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { keyOf } from '../src/hashes.js';
import { pragma, STEPS, takeSteps } from '../src/schema.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { toFingerprintColumn } from '../src/text-column.js';
import { entries, fingerprints, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

/** A file written by version 1: three messages to Bob, the first confirmed, and one to Carol. */
function fileOfVersion1(): string {
  const file = newFile();
  const database = openDatabase(file);
  database.exec('PRAGMA journal_mode=WAL');
  takeSteps(database, 1);
  const insert = database.prepare(
    'INSERT INTO message (receiver, sender, fingerprint, body, accepted_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  insert.run('bob', 'alice', '1', null, 1, 5);
  for (const [to, name] of [
    ['bob', '2'],
    ['carol', '3'],
    ['bob', '4'],
  ] as const)
    insert.run(to, 'alice', name, Buffer.from(message(name, to).body), 1, null);
  database.exec("DELETE FROM message WHERE fingerprint = '4'");
  insert.run('bob', 'alice', '5', Buffer.from(message('5').body), 1, null);
  database.close();
  return file;
}

const open = (file: string) => sqliteStore({ file, wallTime: () => 10, maxAgeMs: Number.POSITIVE_INFINITY });

describe('a file of version 1', () => {
  it('keeps its messages, their order and their ids', async () => {
    const store = open(fileOfVersion1());
    expect(await store.take('bob', 0, 10)).toEqual({
      entries: [
        { ...message('2'), id: 2, position: 1, kind: 'message' },
        { ...message('5'), id: 5, position: 2, kind: 'message' },
      ],
      removed: 0,
      last: 2,
      hasNamedDevice: false,
    });
    expect(await fingerprints(store, 'carol')).toEqual(['3']);
    await store.close();
  });

  it('gets the sizes of its queues', async () => {
    const store = open(fileOfVersion1());
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 20 });
    expect(await store.health()).toEqual({ ok: true, waiting: 3, waitingBytes: 30, deadLetters: 0 });
    await store.close();
  });

  it('has keys without contents: a copy of one of its messages is stored again', async () => {
    const store = open(fileOfVersion1());
    expect(await store.append([message('2')])).toEqual([{ outcome: 'stored', id: 6, position: 3 }]);
    const waiting = await entries(store);
    expect(waiting.filter(({ fingerprint }) => fingerprint === '2').map(({ id }) => id)).toEqual([2, 6]);
    await store.close();
  });

  it('reuses no id', async () => {
    const store = open(fileOfVersion1());
    expect(await store.append([message('6')])).toEqual([{ outcome: 'stored', id: 6, position: 3 }]);
    await store.close();
  });

  it('has the newest schema afterwards, and keeps it', async () => {
    const file = fileOfVersion1();
    await open(file).close();
    const database = openDatabase(file);
    expect(pragma(database, 'user_version')).toBe(STEPS.length);
    database.close();
    const again = open(file);
    expect(await fingerprints(again)).toEqual(['2', '5']);
    await again.close();
  });

  it('stays unchanged when a step fails halfway', () => {
    const file = fileOfVersion1();
    const database = openDatabase(file);
    database.exec('CREATE TABLE mailbox (x)');
    expect(() => takeSteps(database)).toThrowError(/mailbox already exists/);
    expect(pragma(database, 'user_version')).toBe(1);
    expect(database.prepare('SELECT count(*) AS n FROM message').get()).toMatchObject({ n: 4 });
    database.close();
  });
});

describe('a file of version 2', () => {
  /** Three messages to Bob without checksums. */
  function fileOfVersion2(): string {
    const file = newFile();
    const database = openDatabase(file);
    database.exec('PRAGMA journal_mode=WAL');
    takeSteps(database, 1);
    const insert = database.prepare(
      'INSERT INTO message (receiver, sender, fingerprint, body, accepted_at) VALUES (?, ?, ?, ?, ?)',
    );
    for (const name of ['1', '2', '3']) insert.run('bob', 'alice', name, Buffer.from(message(name).body), 1);
    takeSteps(database, 2);
    database.close();
    return file;
  }

  it('keeps its messages, and gives new ones a checksum', async () => {
    const file = fileOfVersion2();
    const store = open(file);
    await store.append([message('4')]);
    expect(await fingerprints(store)).toEqual(['1', '2', '3', '4']);
    await store.close();
    const database = openDatabase(file);
    const rows = database.prepare('SELECT checksum IS NULL AS none FROM message ORDER BY id').all();
    expect(rows).toMatchObject([{ none: 1 }, { none: 1 }, { none: 1 }, { none: 0 }]);
    database.close();
  });

  it('can be opened again with the log that the migration has left', async () => {
    const file = fileOfVersion2();
    const store = open(file);
    await store.append([message('4')]);
    const left = newFile();
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, left + suffix);
    await store.close();
    const again = open(left);
    expect(await fingerprints(again)).toEqual(['1', '2', '3', '4']);
    await again.close();
  });

  it('can be migrated with the log that a killed process of that version has left', async () => {
    const file = fileOfVersion2();
    const database = openDatabase(file);
    database.exec("UPDATE message SET accepted_at = 2 WHERE fingerprint = '1'");
    const left = newFile();
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, left + suffix);
    database.close();
    const store = open(left);
    expect(await fingerprints(store)).toEqual(['1', '2', '3']);
    await store.close();
  });
});

describe('a file of version 3', () => {
  /** Ids up to 9000: in one generation of its index of keys, and in two of the newest. The last one was sent again. */
  function fileOfVersion3(): string {
    const file = newFile();
    const database = openDatabase(file);
    database.exec('PRAGMA journal_mode=WAL');
    takeSteps(database, 3);
    database.exec('BEGIN');
    const insert = database.prepare(
      'INSERT INTO message (id, state, receiver, sender, fingerprint, accepted_at, size, origin, body) VALUES (?, 0, ?, ?, ?, 1, 10, ?, ?)',
    );
    const key = database.prepare('INSERT INTO message_key (generation, hash, id) VALUES (0, ?, ?)');
    for (const [id, origin] of [
      [1, null],
      [8191, null],
      [8192, null],
      [9000, 2],
    ] as const) {
      const { body, fingerprint } = message(`${id}`);
      const column = toFingerprintColumn(fingerprint, body);
      insert.run(id, 'bob', 'alice', column, origin, Buffer.from(body));
      key.run(keyOf('bob', 'alice', column), id);
    }
    database.exec(`INSERT INTO mailbox SELECT receiver, count(*), sum(size) FROM message GROUP BY receiver;
      UPDATE total SET last_id = 9000, waiting = 4, waiting_bytes = 40; COMMIT`);
    database.close();
    return file;
  }

  const ids = ['1', '8191', '8192', '9000'];

  it('knows all its messages', async () => {
    const file = fileOfVersion3();
    for (const _ of ['migrated', 'reopened']) {
      const store = open(file);
      const copies = await store.append(ids.map((id) => message(id)));
      expect(copies).toEqual(
        ids.map((id, index) => ({ outcome: 'duplicate', id: Number(id), position: index + 1 })),
      );
      await store.close();
    }
  });

  it('forgets the key of each message with it', async () => {
    const file = fileOfVersion3();
    let wallTime = 10;
    const store = sqliteStore({ file, wallTime: () => wallTime, maxAgeMs: 1e12, rememberMs: 1000 });
    await store.confirm([{ userId: 'bob', positions: [1, 2, 3, 4] }]);
    wallTime = 5000;
    await store.expire(wallTime, 10);
    await store.close();
    const database = openDatabase(file);
    expect(database.prepare('SELECT count(*) AS n FROM message_key').get()).toMatchObject({ n: 0 });
    database.close();
  });
});
