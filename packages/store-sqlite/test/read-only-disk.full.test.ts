import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sqliteStore } from '../src/sqlite-store.js';
import { FailingDisk } from './failing-disk.js';
import { fingerprints, message } from './temporary-folder.js';

describe.runIf(FailingDisk.isAvailable())(
  'sqliteStore on a disk that turns read-only while it is open',
  () => {
    const ends: (() => unknown)[] = [];
    const setUp = () => {
      const disk = new FailingDisk();
      const clock = { now: 1_000_000 };
      const store = sqliteStore({ file: join(disk.path, 'messages.db'), wallTime: () => clock.now });
      ends.push(
        () => store.close(),
        () => disk.remove(),
      );
      return { disk, clock, store };
    };
    afterEach(async () => {
      for (const end of ends.splice(0)) await end();
    });

    it('reports it, still reads, and recovers when the disk is writable again', async () => {
      const { disk, clock, store } = setUp();
      await store.append([message('before')]);
      disk.seal(true);
      await expect(store.append([message('sealed')])).rejects.toMatchObject({ code: 'ERR_STORE_READ_ONLY' });
      expect(await store.health()).toMatchObject({
        ok: false,
        problem: expect.stringContaining('READ_ONLY'),
      });
      expect(await fingerprints(store)).toEqual(['before']);
      disk.seal(false);
      clock.now += 5000;
      expect(await store.health()).toMatchObject({ ok: true, waiting: 1 });
      expect(await store.append([message('after')])).toMatchObject([{ outcome: 'stored' }]);
      expect(await fingerprints(store)).toEqual(['before', 'after']);
    });

    it('because it is damaged reports it, and still reads', async () => {
      const { disk, store } = setUp();
      await store.append([message('before')]);
      disk.fail();
      await expect(store.append([message('after')])).rejects.toMatchObject({ code: 'ERR_STORE_READ_ONLY' });
      expect(await fingerprints(store)).toEqual(['before']);
    });
  },
);
