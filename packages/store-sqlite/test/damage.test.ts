import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { StoreError } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { repairSqliteStore } from '../src/repair.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { sqliteStoreTools } from '../src/sqlite-tools.js';
import { readLog } from '../src/write-ahead-log.js';
import { entries, fingerprints, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

/** What a process that was killed leaves: the file and its log. `commits` commits of one message each are in the log. */
async function afterKill(commits: number, before = 0): Promise<string> {
  const file = newFile();
  const first = sqliteStore({ file });
  for (let index = 0; index < before; index++) await first.append([message(`before ${index}`)]);
  await first.close();
  const killed = newFile();
  copyFileSync(file, killed);
  const store = sqliteStore({ file: killed });
  for (let index = 0; index < commits; index++) await store.append([message(`${index}`)]);
  const left = newFile();
  for (const suffix of ['', '-wal']) copyFileSync(killed + suffix, left + suffix);
  await store.close();
  return left;
}

/** Changes one bit of a file. */
function flip(file: string, at: number, bit = 1): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ bit;
  writeFileSync(file, bytes);
}

const FRAME = 24 + 4096;
const frameAt = (index: number) => 32 + index * FRAME;
const names = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

function errorOf(work: () => unknown): StoreError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as StoreError;
  }
}

describe('the log of a file', () => {
  it('is applied when it is whole', async () => {
    const file = await afterKill(20, 5);
    const store = sqliteStore({ file });
    expect((await fingerprints(store)).length).toBe(25);
    await store.close();
  });

  it.each([
    ['in a page', frameAt(3) + 500],
    ["in a frame's checksum", frameAt(3) + 17],
    ["in a frame's salt", frameAt(3) + 9],
    ["in a frame's page number", frameAt(3) + 3],
    ['in the first frame', frameAt(0) + 30],
    ['in the header', 9],
    ["in the header's salt", 17],
    ["in the header's checksum", 25],
    ["in the header's magic number", 3],
  ])('is not accepted with one changed bit %s, and nothing is changed', async (_, at) => {
    const file = await afterKill(20);
    flip(`${file}-wal`, at);
    const before = readFileSync(`${file}-wal`);
    const error = errorOf(() => sqliteStore({ file }));
    expect(error).toMatchObject({ code: 'ERR_STORE_DAMAGED', message: expect.stringContaining('commits') });
    expect(readFileSync(`${file}-wal`).equals(before)).toBe(true);
    expect(errorOf(() => sqliteStoreTools({ file }))).toMatchObject({ code: 'ERR_STORE_DAMAGED' });
    expect(readFileSync(`${file}-wal`).equals(before)).toBe(true);
  });

  it.each([
    ['noise', () => Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 197 + 31) % 251))],
    ['zeros', () => Buffer.alloc(512)],
  ])('is applied to a file whose first page a power cut has left with %s in a sector', async (_, sector) => {
    const file = await afterKill(100, 100);
    const first = readFileSync(file);
    for (let at = 512; at < 4096; at += 512) {
      const torn = newFile();
      const bytes = Buffer.from(first);
      sector().copy(bytes, at);
      writeFileSync(torn, bytes);
      copyFileSync(`${file}-wal`, `${torn}-wal`);
      const store = sqliteStore({ file: torn, maxPerUser: 1000 });
      expect((await entries(store)).length).toBe(200);
      await store.close();
    }
  });

  it('is accepted when its last commit is torn, as after a power cut', async () => {
    const file = await afterKill(20);
    const frames = readLog(`${file}-wal`)?.frames ?? 0;
    flip(`${file}-wal`, frameAt(frames - 1) + 100);
    const store = sqliteStore({ file });
    expect(await fingerprints(store)).toEqual(names(19));
    await store.close();
  });

  it('is accepted when only the end of its last commit has reached the disk', async () => {
    const file = await afterKill(20);
    const whole = readLog(`${file}-wal`)?.frames ?? 0;
    const without = await lastCommitFrames(file);
    flip(`${file}-wal`, frameAt(whole - without) + 100);
    const store = sqliteStore({ file });
    expect(await fingerprints(store)).toEqual(names(19));
    await store.close();
  });

  it('is accepted with frames of an older generation behind its end', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append(names(2000).map((name) => message(name, 'carol')));
    const checkpoint = openDatabase(file);
    checkpoint.exec('PRAGMA wal_checkpoint(RESTART)');
    await store.append([message('1')]);
    await store.append([message('2')]);
    const left = newFile();
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, left + suffix);
    checkpoint.close();
    await store.close();
    expect(readLog(`${left}-wal`)?.frames).toBeLessThan(20);
    const again = sqliteStore({ file: left });
    expect(await fingerprints(again)).toEqual(['1', '2']);
    await again.close();
  });

  it('is ignored when it is too short for a frame', async () => {
    const file = await afterKill(3, 5);
    writeFileSync(`${file}-wal`, 'short');
    const store = sqliteStore({ file });
    expect((await fingerprints(store)).length).toBe(5);
    await store.close();
  });
});

/** Frames of the last commit: those behind the one before the last. */
async function lastCommitFrames(file: string): Promise<number> {
  const copy = newFile();
  for (const suffix of ['', '-wal']) copyFileSync(file + suffix, copy + suffix);
  const whole = readLog(`${copy}-wal`)?.frames ?? 0;
  flip(`${copy}-wal`, frameAt(whole - 1) + 100);
  return whole - (readLog(`${copy}-wal`)?.frames ?? 0);
}

describe('a file that does not belong to the log beside it', () => {
  const mismatch = expect.objectContaining({ code: 'ERR_STORE_MISMATCH' });

  it.each([
    ['is empty', async (file: string) => writeFileSync(file, '')],
    ['does not exist', async (file: string) => rmSync(file)],
    ['belongs to another store', async (file: string) => copyFileSync(await afterKill(1, 5), file)],
    ['is no database', async (file: string) => writeFileSync(file, 'text '.repeat(5000))],
  ])('is not accepted when it %s, and nothing is changed', async (_, replace) => {
    const file = await afterKill(20, 5);
    await replace(file);
    const before = existsSync(file) ? readFileSync(file) : undefined;
    const log = readFileSync(`${file}-wal`);
    expect(() => sqliteStore({ file })).toThrowError(mismatch);
    expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(before);
    expect(readFileSync(`${file}-wal`).equals(log)).toBe(true);
  });

  it('is not accepted when it is an older copy of the file', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append([message('1')]);
    await store.close();
    const old = readFileSync(file);
    const killed = newFile();
    copyFileSync(file, killed);
    const second = sqliteStore({ file: killed });
    await second.append([message('2')]);
    const checkpoint = openDatabase(killed);
    checkpoint.exec('PRAGMA wal_checkpoint(RESTART)');
    await second.append([message('3')]);
    const left = newFile();
    copyFileSync(`${killed}-wal`, `${left}-wal`);
    writeFileSync(left, old);
    checkpoint.close();
    await second.close();
    expect(() => sqliteStore({ file: left })).toThrowError(
      expect.objectContaining({ code: 'ERR_STORE_MISMATCH', message: expect.stringContaining('is older') }),
    );
  });

  it('is not accepted when it is a backup of the file', async () => {
    const file = await afterKill(20, 5);
    const target = newFile();
    const tools = sqliteStoreTools({ file });
    await tools.backup?.(target, () => {});
    await tools.close();
    const again = await afterKill(0, 0);
    copyFileSync(target, again);
    const store = sqliteStore({ file: again });
    expect((await fingerprints(store)).length).toBe(25);
    await store.close();
    const damaged = await afterKill(20, 5);
    copyFileSync(target, damaged);
    expect(() => sqliteStore({ file: damaged })).toThrowError(mismatch);
  });

  it('is not accepted when it was not copied completely', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append(names(2000).map((name) => message(name, 'carol')));
    await store.close();
    const killed = newFile();
    copyFileSync(file, killed);
    const second = sqliteStore({ file: killed });
    await second.append([message('1')]);
    const left = newFile();
    copyFileSync(`${killed}-wal`, `${left}-wal`);
    await second.close();
    writeFileSync(left, readFileSync(file).subarray(0, 20 * 4096));
    expect(() => sqliteStore({ file: left })).toThrowError(
      expect.objectContaining({ code: 'ERR_STORE_DAMAGED', message: expect.stringContaining('restore') }),
    );
  });

  it('is accepted without the log', async () => {
    const file = await afterKill(20, 5);
    copyFileSync(await afterKill(1, 3), file);
    rmSync(`${file}-wal`);
    const store = sqliteStore({ file });
    expect((await fingerprints(store)).length).toBe(3);
    await store.close();
  });
});

describe('repairSqliteStore', () => {
  const copies = (file: string) =>
    readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}-wal.`));

  it('keeps a copy of a damaged log, and the commits before the damage', async () => {
    const file = await afterKill(20, 5);
    const frames = readLog(`${file}-wal`)?.frames ?? 0;
    flip(`${file}-wal`, frameAt(Math.floor(frames / 2)) + 500);
    const log = readFileSync(`${file}-wal`);
    const { problem, copy } = repairSqliteStore(file, () => 0) ?? {};
    expect(problem).toContain('cannot be read');
    expect(copy).toBe(`${file}-wal.damaged-1970-01-01T00-00-00-000Z`);
    expect(readFileSync(copy ?? '').equals(log)).toBe(true);
    const store = sqliteStore({ file });
    const kept = await fingerprints(store);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThan(25);
    await store.close();
  });

  it('moves a log away that does not belong to the file', async () => {
    const file = await afterKill(20, 5);
    copyFileSync(await afterKill(1, 3), file);
    const { copy } = repairSqliteStore(file, () => 0) ?? {};
    expect(copy).toBe(`${file}-wal.foreign-1970-01-01T00-00-00-000Z`);
    const store = sqliteStore({ file });
    expect((await fingerprints(store)).length).toBe(3);
    await store.close();
  });

  it('changes nothing in a store without a problem, or while a server runs', async () => {
    const file = await afterKill(20, 5);
    expect(repairSqliteStore(file, () => 0)).toBeUndefined();
    const store = sqliteStore({ file });
    expect(() => repairSqliteStore(file, () => 0)).toThrowError(
      expect.objectContaining({ code: 'ERR_STORE_IN_USE' }),
    );
    await store.close();
    expect(copies(file)).toEqual([]);
  });
});
