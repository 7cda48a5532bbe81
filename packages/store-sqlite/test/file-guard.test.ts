import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { loadSqlite } from '../src/sqlite-module.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { fingerprints, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();
const coded = (code: string) => expect.objectContaining({ code });

/** Starts another process that holds the lock, as a server does. */
async function otherProcessOn(file: string) {
  const program = `const { DatabaseSync } = require(${JSON.stringify(loadSqlite().specifier)});
    globalThis.lock = new DatabaseSync(${JSON.stringify(`${file}-lock`)});
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    process.stdout.write('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('the file of a sqliteStore', () => {
  it('cannot be opened by a second server', async () => {
    const file = newFile();
    const first = sqliteStore({ file });
    expect(() => sqliteStore({ file })).toThrowError(coded('ERR_STORE_IN_USE'));
    await first.append([message('1')]);
    await first.close();
    const second = sqliteStore({ file });
    expect(await fingerprints(second)).toEqual(['1']);
    await second.close();
  });

  it('cannot be opened by a second server through a symbolic link', async () => {
    const file = newFile();
    const link = `${file}-link`;
    const first = sqliteStore({ file });
    symlinkSync(file, link);
    expect(() => sqliteStore({ file: link })).toThrowError(coded('ERR_STORE_IN_USE'));
    await first.close();
  });

  it('can be opened again after the process that held it was killed', async () => {
    const file = newFile();
    const child = await otherProcessOn(file);
    expect(() => sqliteStore({ file })).toThrowError(coded('ERR_STORE_IN_USE'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await sqliteStore({ file }).close();
  });

  it('is rejected when it is not a database', () => {
    const file = newFile();
    writeFileSync(file, 'This is plain text, not a database. '.repeat(40));
    expect(() => sqliteStore({ file })).toThrowError(coded('ERR_STORE_FOREIGN'));
  });

  it.each([
    ['with an application id', 'PRAGMA application_id = 1234'],
    ['without an application id', 'CREATE TABLE theirs (x)'],
  ])("is rejected when it is another program's database %s", (_, sql) => {
    const file = newFile();
    const database = openDatabase(file);
    database.exec(sql);
    database.close();
    expect(() => sqliteStore({ file })).toThrowError(coded('ERR_STORE_FOREIGN'));
  });

  it('is rejected when a newer version has written it', () => {
    const file = newFile();
    const database = openDatabase(file);
    database.exec('PRAGMA application_id = 1768776559; PRAGMA user_version = 99');
    database.close();
    expect(() => sqliteStore({ file })).toThrowError(
      expect.objectContaining({ code: 'ERR_STORE_NEWER', message: expect.stringContaining('version 99') }),
    );
  });

  it('is rejected when it is damaged, and not changed', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append(Array.from({ length: 2000 }, (_, index) => message(`${index}`)));
    await store.close();
    const bytes = readFileSync(file);
    bytes.fill(0x55, 10 * 4096, 40 * 4096);
    writeFileSync(file, bytes);
    expect(() => sqliteStore({ file })).toThrowError(coded('ERR_STORE_DAMAGED'));
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('is opened without a check when it is larger than maxCheckedBytes', async () => {
    const file = newFile();
    await sqliteStore({ file, maxCheckedBytes: 0 }).close();
    await sqliteStore({ file, maxCheckedBytes: 0 }).close();
  });

  it('needs an existing directory', () => {
    expect(() => sqliteStore({ file: join(dirname(newFile()), 'nowhere', 'x.db') })).toThrowError(
      /the directory .* does not exist/,
    );
  });

  it.each(['removed', 'replaced'])('stores nothing after it was %s, and reports that', async (how) => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append([message('1')]);
    renameSync(file, `${file}-away`);
    if (how === 'replaced') copyFileSync(`${file}-away`, file);
    await expect(store.append([message('2')])).rejects.toMatchObject({ code: 'ERR_STORE_REPLACED' });
    expect(await store.health()).toMatchObject({ ok: false, problem: expect.stringContaining(how) });
    rmSync(file, { force: true });
    renameSync(`${file}-away`, file);
    await store.append([message('3')]);
    expect(await fingerprints(store)).toEqual(['1', '3']);
    await store.close();
  });

  it('detects that its log was removed', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append([message('1')]);
    rmSync(`${file}-wal`);
    await expect(store.append([message('2')])).rejects.toMatchObject({ code: 'ERR_STORE_REPLACED' });
    await store.close();
  });

  it('is not created when an option is invalid', () => {
    const file = newFile();
    mkdirSync(dirname(file), { recursive: true });
    const misspelt: object = { maxPeruser: 5 };
    for (const wrong of [{ maxPerUser: 0 }, { maxCheckedBytes: -1 }, misspelt]) {
      expect(() => sqliteStore({ file, ...wrong })).toThrowError(coded('ERR_INVALID_OPTION'));
    }
    expect(existsSync(file)).toBe(false);
  });
});
