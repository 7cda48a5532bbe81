import type { OutboxStorage, StorageBox, StoredEntry } from '@imcore/client/outbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A place that outlives programs, and programs that use it. */
export interface OutboxStorageFixture {
  /** The storage as one more program sees it. */
  program(): OutboxStorage;
  /** What the end of the program that opened a box does to it: no goodbye, but the system lets go of what it held. */
  kill(box: StorageBox): Promise<void>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

/** Makes an empty place of its own for each test. */
export type CreateOutboxStorage = () => Promise<OutboxStorageFixture>;

/**
 * What every {@link OutboxStorage} must do: keep order, take every call twice, and hold what it said it has over the
 * end of a program.
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

    it('gives back what was put, in order', async () => {
      const box = await open();
      for (const key of ['b', 'a', 'c']) await box.put(key, `value of ${key}`);
      expect(await box.list()).toEqual([
        { key: 'b', value: 'value of b' },
        { key: 'a', value: 'value of a' },
        { key: 'c', value: 'value of c' },
      ]);
    });

    it('keeps the place of an entry that is put again, with the new value', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.put('a', 'anew');
      expect(await box.list()).toEqual([
        { key: 'a', value: 'anew' },
        { key: 'b', value: 'b' },
      ]);
    });

    it('removes, also what is not there', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.remove('a');
      await box.remove('a');
      await box.remove('never');
      expect(keysOf(await box.list())).toEqual(['b']);
    });

    it('puts behind the others what was removed before', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.remove('a');
      await box.put('a', 'again');
      expect(keysOf(await box.list())).toEqual(['b', 'a']);
    });

    it('does in order what is asked for without waiting', async () => {
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

    it('keeps boxes apart', async () => {
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

    it('still has everything, in order, when the next program opens it', async () => {
      const box = await open();
      await fill(box, 'c', 'a', 'b');
      await box.remove('a');
      await box.close();
      const next = await open();
      await next.put('d', 'd');
      expect(keysOf(await next.list())).toEqual(['c', 'b', 'd']);
    });

    it('still has what it said it has when the program was killed', async () => {
      const box = await open();
      await fill(box, 'a', 'b');
      await box.remove('a');
      await fixture.kill(box);
      expect(keysOf(await (await open()).list())).toEqual(['b']);
    });

    it('finishes what was asked for before it lets go', async () => {
      const box = await open();
      const putting = box.put('a', 'a');
      await box.close();
      await putting;
      expect(keysOf(await (await open()).list())).toEqual(['a']);
    });

    it('does nothing for one who has let go', async () => {
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

    it('keeps many, and removes them all', async () => {
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

async function fill(box: StorageBox, ...keys: string[]): Promise<void> {
  for (const key of keys) await box.put(key, key);
}

function keysOf(entries: readonly StoredEntry[]): string[] {
  return entries.map(({ key }) => key);
}
