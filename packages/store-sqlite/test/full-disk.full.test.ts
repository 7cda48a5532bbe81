import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageStore } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../src/sqlite-store.js';
import { SmallDisk } from './small-disk.js';
import { fingerprints, message } from './temporary-folder.js';

describe.runIf(SmallDisk.isAvailable())('sqliteStore on a disk of 2 MiB', () => {
  const disks: SmallDisk[] = [];
  const stores: MessageStore[] = [];
  const setUp = () => {
    const disk = new SmallDisk();
    disks.push(disk);
    const clock = { now: 1_000_000 };
    const store = sqliteStore({ file: join(disk.path, 'messages.db'), wallTime: () => clock.now });
    stores.push(store);
    return { disk, store, clock };
  };
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const disk of disks.splice(0)) disk.remove();
  });

  it('rejects messages when the disk is full, keeps what is stored, and recovers when there is space', async () => {
    const { disk, store } = setUp();
    const ballast = join(disk.path, 'ballast');
    await store.append([message('before')]);
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    const large = { ...message('too much'), body: 'x'.repeat(1024 * 1024) };
    await expect(store.append([large])).rejects.toMatchObject({ code: 'ERR_STORE_FULL' });
    expect(await fingerprints(store)).toEqual(['before']);
    rmSync(ballast);
    disk.remount('size=8m');
    expect(await store.append([large, message('after')])).toMatchObject([
      { outcome: 'stored' },
      { outcome: 'stored' },
    ]);
    expect(await store.health()).toMatchObject({ ok: true, waiting: 3 });
  });

  it('reports a full disk in its health until there is space', async () => {
    const { disk, store, clock } = setUp();
    const ballast = join(disk.path, 'ballast');
    await store.append([message('before')]);
    expect(() => writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024))).toThrowError(/ENOSPC/);
    const many = Array.from({ length: 500 }, (_, index) => message(`${index}`));
    await expect(store.append(many)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' });
    expect(await store.health()).toMatchObject({ ok: false, problem: expect.stringContaining('FULL') });
    rmSync(ballast);
    clock.now += 5000;
    expect(await store.health()).toMatchObject({ ok: true, waiting: 1 });
    expect((await store.append(many)).every(({ outcome }) => outcome === 'stored')).toBe(true);
  });

  it('does not open on a read-only disk', async () => {
    const disk = new SmallDisk();
    disks.push(disk);
    writeFileSync(join(disk.path, 'messages.db'), '');
    disk.remount('ro');
    for (const name of ['messages.db', 'new.db']) {
      expect(() => sqliteStore({ file: join(disk.path, name) })).toThrowError(
        expect.objectContaining({ code: 'ERR_STORE_READ_ONLY' }),
      );
    }
  });
});
