import type { DeviceRecord, OutboxStorage, StorageBox, StoredEntry } from '@imcore/client/outbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A storage, and programs that use it one after the other. */
export interface OutboxStorageFixture {
  /** The storage as a new program sees it. */
  program(): OutboxStorage;
  /** Ends the program that opened a box as a crash does: without `close`, but the system releases its locks. */
  kill(box: StorageBox): Promise<void>;
  /** Removes the storage. */
  dispose(): Promise<void>;
}

/** Creates an empty storage for each test. */
export type CreateOutboxStorage = () => Promise<OutboxStorageFixture>;

/**
 * What every {@link OutboxStorage} must do: keep the order, accept repeated calls, and keep what it has confirmed when a
 * program ends.
 */
export function describeOutboxStorage(name: string, create: CreateOutboxStorage): void {
  describe(`outbox storage contract: ${name}`, () => {
    let fixture: OutboxStorageFixture;
    const boxes: StorageBox[] = [];
    const open = async (boxName = 'alice', storage = fixture.program()): Promise<StorageBox> => {
      const box = await storage.open(boxName, () => {});
      boxes.push(box);
      return box;
    };
    beforeEach(async () => {
      fixture = await create();
    });
    afterEach(async () => {
      for (const box of boxes.splice(0)) await box.close();
      await fixture.dispose();
    });

    it('is empty at first', async () => {
      expect(await (await open()).list()).toEqual([]);
    });

    it('lists entries in the order in which they were put', async () => {
      const box = await open();
      for (const key of ['b', 'a', 'c']) await box.put(key, `value of ${key}`);
      expect(await box.list()).toEqual([
        { key: 'b', value: 'value of b' },
        { key: 'a', value: 'value of a' },
        { key: 'c', value: 'value of c' },
      ]);
    });

    it('keeps the position of an entry that is put again, with the new value', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.put('a', 'anew');
      expect(await box.list()).toEqual([
        { key: 'a', value: 'anew' },
        { key: 'b', value: 'b' },
      ]);
    });

    it('removes entries, and ignores keys that are not there', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.remove('a');
      await box.remove('a');
      await box.remove('never');
      expect(keysOf(await box.list())).toEqual(['b']);
    });

    it('appends an entry again that was removed before', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.remove('a');
      await box.put('a', 'again');
      expect(keysOf(await box.list())).toEqual(['b', 'a']);
    });

    it('carries out calls in order that do not wait for each other', async () => {
      const box = await open();
      const calls = [
        box.put('a', '1'),
        box.put('b', '1'),
        box.remove('a'),
        box.put('c', '1'),
        box.put('b', '2'),
        box.remove('c'),
        box.put('a', '2'),
      ];
      const listed = box.list();
      await Promise.all(calls);
      expect(await listed).toEqual([
        { key: 'b', value: '2' },
        { key: 'a', value: '2' },
      ]);
    });

    it('keeps boxes separate', async () => {
      const storage = fixture.program();
      const [alice, bob] = [await open('alice', storage), await open('bob', storage)];
      await alice.put('a', 'of alice');
      await bob.put('a', 'of bob');
      await bob.remove('none');
      expect([await alice.list(), await bob.list()]).toEqual([
        [{ key: 'a', value: 'of alice' }],
        [{ key: 'a', value: 'of bob' }],
      ]);
    });

    it('keeps all entries, in order, for the next program', async () => {
      const box = await open();
      await fill(box, 'c', 'a', 'b');
      await box.remove('a');
      await box.close();
      const next = await open();
      await next.put('d', 'd');
      expect(keysOf(await next.list())).toEqual(['c', 'b', 'd']);
    });

    it('keeps what it has confirmed when the program is killed', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.remove('a');
      await fixture.kill(box);
      expect(keysOf(await (await open()).list())).toEqual(['b']);
    });

    it('finishes pending calls before it closes', async () => {
      const box = await open();
      const putting = box.put('a', 'a');
      await box.close();
      await putting;
      expect(keysOf(await (await open()).list())).toEqual(['a']);
    });

    it('rejects calls on a closed box', async () => {
      const box = await open();
      await box.close();
      await expect(box.put('a', 'a')).rejects.toMatchObject({ code: 'ERR_OUTBOX_FAILED' });
      await box.close();
      expect(await (await open()).list()).toEqual([]);
    });

    it.each([
      ['line ends and quotes', 'a\n"b"\r\n\\ \0 \u2028'],
      ['all of Unicode', '消息 😀 é \ud83d'],
      ['nothing', ''],
      ['a long text', 'x'.repeat(60_000)],
    ])('keeps %s', async (_name, text) => {
      const box = await open(`name ${text.slice(0, 50)}`);
      await box.put(`key ${text.slice(0, 50)}`, text);
      await box.close();
      const next = await open(`name ${text.slice(0, 50)}`);
      expect(await next.list()).toEqual([{ key: `key ${text.slice(0, 50)}`, value: text }]);
    });

    it('keeps 500 entries, and removes them all', async () => {
      const box = await open();
      const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`);
      await Promise.all(keys.map((key) => box.put(key, 'x'.repeat(200))));
      expect(keysOf(await box.list())).toEqual(keys);
      await Promise.all(keys.map((key) => box.remove(key)));
      await box.close();
      expect(await (await open()).list()).toEqual([]);
    });
  });
}

/** What every {@link OutboxStorage} must do that keeps devices. */
export function describeDeviceRecords(name: string, create: CreateOutboxStorage): void {
  describe(`device record contract: ${name}`, () => {
    let fixture: OutboxStorageFixture;
    const records: DeviceRecord[] = [];
    const openRecord = async (
      recordName = 'device:alice',
      storage = fixture.program(),
    ): Promise<DeviceRecord> => {
      const record = await storage.openRecord?.(recordName);
      if (record === undefined) throw new Error('the storage keeps no records');
      records.push(record);
      return record;
    };
    beforeEach(async () => {
      fixture = await create();
    });
    afterEach(async () => {
      for (const record of records.splice(0)) await record.close();
      await fixture.dispose();
    });

    it('keeps the record of a device: always the same id, and what was written last', async () => {
      const first = await openRecord();
      expect(first.position).toBeUndefined();
      expect(first.id).toMatch(/^.{1,64}$/);
      await first.write('1 e');
      await Promise.all([first.write('2 e'), first.write('3 e')]);
      await first.close();
      const next = await openRecord();
      expect([next.id, next.position]).toEqual([first.id, '3 e']);
    });

    it('keeps the record of a device that was not written', async () => {
      const first = await openRecord();
      await first.close();
      const next = await openRecord();
      expect([next.id, next.position]).toEqual([first.id, undefined]);
    });

    it('keeps records apart from each other and from boxes', async () => {
      const storage = fixture.program();
      const box = await storage.open('alice', () => {});
      await box.put('a', 'a');
      const [alice, bob] = [
        await openRecord('device:alice', storage),
        await openRecord('device:bob', storage),
      ];
      await alice.write('1 e');
      await bob.write('2 e');
      expect(alice.id).not.toBe(bob.id);
      expect(keysOf(await box.list())).toEqual(['a']);
      await Promise.all([alice.close(), box.close()]);
      expect((await openRecord('device:alice')).position).toBe('1 e');
    });
  });
}

async function fill(box: StorageBox, ...keys: string[]): Promise<void> {
  for (const key of keys) await box.put(key, key);
}

function keysOf(entries: readonly StoredEntry[]): string[] {
  return entries.map(({ key }) => key);
}
