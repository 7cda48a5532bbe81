import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CreateOutboxStorage,
  describeDeviceRecords,
  describeOutboxStorage,
} from '@imcore/testkit/contracts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppendLog, toLine } from '../../src/node/append-log.js';
import { fileStorage } from '../../src/node/file-outbox.js';
import type { StorageBox } from '../../src/outbox/outbox-storage.js';

const directories: string[] = [];
const boxes: StorageBox[] = [];

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'imcore-outbox-'));
  directories.push(directory);
  return directory;
}

async function open(directory: string, name = 'alice'): Promise<StorageBox> {
  const box = await fileStorage(directory).open(name, () => {});
  boxes.push(box);
  return box;
}

afterEach(async () => {
  for (const box of boxes.splice(0)) await box.close();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

/** Leaves a lock of a dead process, as after kill -9. */
async function killHolder(directory: string): Promise<void> {
  for (const file of await readdir(directory)) {
    if (/\.lock\.\d+$/.test(file)) await writeFile(join(directory, file), '{"pid":999999999}\n');
  }
}

const createFiles: CreateOutboxStorage = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imcore-outbox-'));
  return {
    program: () => fileStorage(directory),
    kill: () => killHolder(directory),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
};

describeOutboxStorage('files', createFiles);
describeDeviceRecords('files', createFiles);

describe('a durable outbox in files', () => {
  it('is locked while it is open', async () => {
    const directory = await newDirectory();
    const box = await open(directory);

    await expect(open(directory)).rejects.toMatchObject({ name: 'OutboxError', code: 'ERR_OUTBOX_LOCKED' });
    await open(directory, 'bob');
    await box.close();
    await open(directory);
  });

  it('is not locked by a process with the same PID and another start time', async () => {
    const directory = await newDirectory();
    await open(directory);
    const [lock] = (await readdir(directory)).filter((file) => /\.lock\.\d+$/.test(file));
    const path = join(directory, lock ?? '');
    const holder = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...holder, since: 'another time' }));

    await open(directory);
  });

  it('is acquired by only one of many processes that find a dead holder', async () => {
    const directory = await newDirectory();
    await open(directory);
    await killHolder(directory);

    const results = await Promise.allSettled(Array.from({ length: 10 }, () => open(directory)));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await readdir(directory)).filter((file) => !/\.log(\.lock\.\d+)?$/.test(file))).toEqual([]);
  });

  it.each([2, 20, 60])('loses only the last line when a crash has truncated %s bytes', async (bytes) => {
    const directory = await newDirectory();
    const box = await open(directory);
    await box.put('a', 'x'.repeat(50));
    await box.put('b', 'y'.repeat(50));
    await box.close();
    const path = await logIn(directory);
    await truncate(path, (await stat(path)).size - bytes);

    const next = await open(directory);
    await next.put('c', 'z');
    await next.close();

    expect((await (await open(directory)).list()).map(({ key }) => key)).toEqual(['a', 'c']);
  });

  it('ignores damaged lines', async () => {
    const directory = await newDirectory();
    const box = await open(directory);
    await box.put('a', '1');
    await box.close();
    await appendFile(await logIn(directory), '\0\0\0\0\n12345678 ["b","forged"]\nnoise\n');
    const next = await open(directory);
    await next.put('c', '3');
    await next.close();

    expect((await (await open(directory)).list()).map(({ key }) => key)).toEqual(['a', 'c']);
  });

  it('is compacted when it consists mostly of obsolete records, without losing entries', async () => {
    const directory = await newDirectory();
    const box = await open(directory);
    await box.put('first', 'stays');
    for (let round = 0; round < 40; round++) {
      const keys = Array.from({ length: 20 }, (_, index) => `${round} ${index}`);
      await Promise.all(keys.map((key) => box.put(key, 'x'.repeat(200))));
      await Promise.all(keys.map((key) => box.remove(key)));
    }
    await box.put('last', 'stays too');
    await box.close();

    expect((await stat(await logIn(directory))).size).toBeLessThan(80_000);
    expect((await (await open(directory)).list()).map(({ key }) => key)).toEqual(['first', 'last']);
  });

  it('stores entries although it cannot be compacted', async () => {
    const directory = await newDirectory();
    const box = await open(directory);
    await box.put('first', 'x'.repeat(100_000));
    await mkdir(`${await logIn(directory)}.new`);

    await box.remove('first');
    await box.put('last', 'stays');
    await box.close();

    expect((await (await open(directory)).list()).map(({ key }) => key)).toEqual(['last']);
  });

  it('writes to the compacted file when syncing the directory fails', async () => {
    const directory = await newDirectory();
    const { log } = await AppendLog.open(join(directory, 'box.log'));
    const failing = await failDirectories(directory);
    await log.rewrite([toLine(['a', '1'])]).catch(() => {});
    failing.mockRestore();
    await log.append([toLine(['b', '2'])], true);
    await log.close();

    const next = await AppendLog.open(join(directory, 'box.log'));
    await next.log.close();
    expect(next.records).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it('rejects with the cause of a failure', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'file'), '');

    await expect(open(join(directory, 'file', 'below'))).rejects.toMatchObject({
      name: 'OutboxError',
      code: 'ERR_OUTBOX_FAILED',
      cause: { code: 'ENOTDIR' },
    });
  });
});

async function logIn(directory: string): Promise<string> {
  const [log] = (await readdir(directory)).filter((file) => file.endsWith('.log'));
  return join(directory, log ?? '');
}

/** Makes syncing directories fail from now on. */
async function failDirectories(directory: string) {
  const handle = await openFile(directory, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  return vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    if ((await this.stat()).isDirectory()) throw new Error('EIO');
  });
}
