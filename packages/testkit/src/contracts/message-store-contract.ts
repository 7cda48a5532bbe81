import type { MessageStore, StoredMessage, StoreId, WaitingMessage } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import { ODD_IDS } from './odd-ids.js';

/** Settings that a store under test must follow where it is given them. */
export interface StoreUnderTestOptions {
  /** Most messages that may wait for one user; undefined for no bound that a test reaches. */
  readonly maxMessagesPerUser: number | undefined;
}

/** Makes an empty store of its own for each test. */
export type CreateMessageStore = (options: StoreUnderTestOptions) => Promise<MessageStore>;

/**
 * What every {@link MessageStore} must do: keep the order of each receiver, store nothing twice, forget only what
 * was confirmed, and still know that it was there.
 */
export function describeMessageStore(name: string, create: CreateMessageStore): void {
  describe(`message store contract: ${name}`, () => {
    const stores: MessageStore[] = [];
    const open = async (maxMessagesPerUser?: number): Promise<MessageStore> => {
      const store = await create({ maxMessagesPerUser });
      stores.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });

    it('gives back what was appended, field by field', async () => {
      const store = await open();
      const stored = message('bob', 'fp-1', { from: 'alice', body: '{"x":"\u00e6\u00b6\u0088"}' });
      const [result] = await store.append([stored]);
      const [waiting] = await store.take('bob', undefined, 10);
      expect(waiting).toEqual({ ...stored, id: requireId(result) });
    });

    it('gives a user the messages in the order in which they were appended', async () => {
      const store = await open();
      await store.append(['1', '2', '3'].map((fingerprint) => message('bob', fingerprint)));
      await store.append([message('bob', '4')]);
      await store.append([message('bob', '0'), message('bob', '5')]);
      expect(await fingerprints(store, 'bob')).toEqual(['1', '2', '3', '4', '0', '5']);
    });

    it('gives later messages of a user larger ids', async () => {
      const store = await open();
      await store.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
      await store.append([message('bob', '4')]);
      const ids = (await store.take('bob', undefined, 10)).map(({ id }) => id);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      expect(new Set(ids).size).toBe(3);
    });

    it('keeps the order of calls that overlap', async () => {
      const store = await open();
      const calls = Array.from({ length: 50 }, (_, index) =>
        store.append([message('bob', `${index}`), message('carol', `${index}`, { from: 'dave' })]),
      );
      await Promise.all(calls);
      const expected = calls.map((_, index) => `${index}`);
      expect(await fingerprints(store, 'bob')).toEqual(expected);
      expect(await fingerprints(store, 'carol')).toEqual(expected);
    });

    it('keeps the order of receivers whose messages come mixed', async () => {
      const store = await open();
      const mixed = Array.from({ length: 30 }, (_, index) => message(`user-${index % 3}`, `${index}`));
      await store.append(mixed);
      for (const receiver of [0, 1, 2]) {
        const expected = mixed.filter(({ to }) => to === `user-${receiver}`).map((each) => each.fingerprint);
        expect(await fingerprints(store, `user-${receiver}`)).toEqual(expected);
      }
    });

    it('reports a duplicate under its first id and stores it once', async () => {
      const store = await open();
      const [first] = await store.append([message('bob', 'fp-1')]);
      const [second] = await store.append([message('bob', 'fp-1', { body: 'another body' })]);
      expect(second).toEqual({ outcome: 'duplicate', id: requireId(first) });
      expect(await store.count('bob')).toBe(1);
      expect((await store.take('bob', undefined, 10)).map(({ body }) => body)).toEqual(['body of fp-1']);
    });

    it('finds a duplicate within one call', async () => {
      const store = await open();
      const results = await store.append([
        message('bob', 'fp-1'),
        message('bob', 'fp-2'),
        message('bob', 'fp-1'),
      ]);
      expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'duplicate']);
      expect(results[2]).toEqual({ outcome: 'duplicate', id: requireId(results[0]) });
      expect(await fingerprints(store, 'bob')).toEqual(['fp-1', 'fp-2']);
    });

    it('finds a duplicate in a call that is still under way', async () => {
      const store = await open();
      const [[first], [second]] = await Promise.all([
        store.append([message('bob', 'fp-1')]),
        store.append([message('bob', 'fp-1')]),
      ]);
      expect(second).toEqual({ outcome: 'duplicate', id: requireId(first) });
      expect(await store.count('bob')).toBe(1);
    });

    it('keeps one fingerprint for several receivers, once for each', async () => {
      const store = await open();
      const results = await store.append([message('bob', 'news-1'), message('carol', 'news-1')]);
      expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
      expect(await store.append([message('carol', 'news-1')])).toMatchObject([{ outcome: 'duplicate' }]);
      expect(await fingerprints(store, 'bob')).toEqual(['news-1']);
      expect(await fingerprints(store, 'carol')).toEqual(['news-1']);
    });

    it('tells senders with the same fingerprint apart', async () => {
      const store = await open();
      const results = await store.append([
        message('bob', 'fp-1', { from: 'alice' }),
        message('bob', 'fp-1', { from: 'mallory' }),
        message('bob', 'fp-1', { from: '0' }),
      ]);
      expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored']);
      expect(await store.count('bob')).toBe(3);
    });

    it('keeps users apart', async () => {
      const store = await open();
      await store.append([message('bob', '1'), message('carol', '2')]);
      expect(await fingerprints(store, 'bob')).toEqual(['1']);
      expect(await fingerprints(store, 'carol')).toEqual(['2']);
      expect(await fingerprints(store, 'dave')).toEqual([]);
      expect(await store.count('dave')).toBe(0);
    });

    it('takes page by page, behind the last id of the page before', async () => {
      const store = await open();
      const all = Array.from({ length: 10 }, (_, index) => `${index}`);
      await store.append(
        all.flatMap((fingerprint) => [message('bob', fingerprint), message('carol', `c${fingerprint}`)]),
      );
      const pages: string[][] = [];
      let after: StoreId | undefined;
      while (pages.length < 4) {
        const page: readonly WaitingMessage[] = await store.take('bob', after, 4);
        if (page.length === 0) break;
        pages.push(page.map(({ fingerprint }) => fingerprint));
        after = page.at(-1)?.id;
      }
      expect(pages).toEqual([all.slice(0, 4), all.slice(4, 8), all.slice(8)]);
    });

    it('gives the same page again until it is confirmed', async () => {
      const store = await open();
      await store.append([message('bob', '1'), message('bob', '2')]);
      const before = await store.take('bob', undefined, 1);
      expect(await store.take('bob', undefined, 1)).toEqual(before);
      await store.confirm(
        'bob',
        before.map(({ id }) => id),
      );
      expect(await fingerprints(store, 'bob')).toEqual(['2']);
    });

    it('no longer gives what was confirmed, in whatever order that happens', async () => {
      const store = await open();
      const results = await store.append(
        ['1', '2', '3', '4'].map((fingerprint) => message('bob', fingerprint)),
      );
      const [first, second, third] = results.map(requireId);
      await store.confirm('bob', [third ?? 0, first ?? 0]);
      expect(await fingerprints(store, 'bob')).toEqual(['2', '4']);
      expect(await store.count('bob')).toBe(2);
      expect((await store.take('bob', second, 10)).map(({ fingerprint }) => fingerprint)).toEqual(['4']);
    });

    it('takes the same confirmation twice, and ids that it never gave', async () => {
      const store = await open();
      const [first] = await store.append([message('bob', '1'), message('bob', '2')]);
      const id = requireId(first);
      await store.confirm('bob', [id]);
      await store.confirm('bob', [id, id, 999_999_999]);
      await store.confirm('nobody', [1, 2, 3]);
      await store.confirm('bob', []);
      expect(await fingerprints(store, 'bob')).toEqual(['2']);
    });

    it('lets nobody confirm what waits for somebody else', async () => {
      const store = await open();
      const [result] = await store.append([message('bob', '1')]);
      await store.confirm('mallory', [requireId(result)]);
      expect(await store.count('bob')).toBe(1);
    });

    it('still knows the fingerprint of a confirmed message, and does not store it again', async () => {
      const store = await open();
      const [result] = await store.append([message('bob', 'fp-1')]);
      await store.confirm('bob', [requireId(result)]);
      expect(await store.append([message('bob', 'fp-1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
      expect(await store.count('bob')).toBe(0);
      expect(await store.take('bob', undefined, 10)).toEqual([]);
    });

    it('says that it is full, keeps what it has and takes messages again when there is room', async () => {
      const store = await open(2);
      const results = await store.append(['1', '2', '3'].map((fingerprint) => message('bob', fingerprint)));
      expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'full']);
      expect(await fingerprints(store, 'bob')).toEqual(['1', '2']);
      expect((await store.append([message('carol', '4')]))[0]?.outcome).toBe('stored');

      await store.confirm('bob', [requireId(results[0])]);
      expect((await store.append([message('bob', '3')]))[0]?.outcome).toBe('stored');
      expect(await fingerprints(store, 'bob')).toEqual(['2', '3']);
    });

    it('recognises a duplicate though it is full', async () => {
      const store = await open(1);
      const [first] = await store.append([message('bob', '1')]);
      expect(await store.append([message('bob', '1')])).toEqual([
        { outcome: 'duplicate', id: requireId(first) },
      ]);
    });

    it('keeps odd user ids and fingerprints apart', async () => {
      const store = await open();
      await store.append(ODD_IDS.map((id) => message(id, id, { from: id })));
      for (const id of ODD_IDS) {
        const [waiting, ...others] = await store.take(id, undefined, 10);
        expect(waiting).toMatchObject({ to: id, from: id, fingerprint: id });
        expect(others).toEqual([]);
      }
    });

    it('keeps every byte of a body', async () => {
      const store = await open();
      const body = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
      await store.append([message('bob', '1', { body }), message('bob', '2', { body: '' })]);
      expect((await store.take('bob', undefined, 2)).map((waiting) => waiting.body)).toEqual([body, '']);
    });

    it('stores a thousand messages in one call', async () => {
      const store = await open();
      const many = Array.from({ length: 1000 }, (_, index) => message('bob', `${index}`));
      const results = await store.append(many);
      expect(results).toHaveLength(1000);
      expect(results.every(({ outcome }) => outcome === 'stored')).toBe(true);
      expect(await store.count('bob')).toBe(1000);
      expect(await fingerprints(store, 'bob')).toEqual(many.map(({ fingerprint }) => fingerprint));
      await store.confirm('bob', results.map(requireId));
      expect(await store.count('bob')).toBe(0);
    });

    it('takes an empty call', async () => {
      const store = await open();
      expect(await store.append([])).toEqual([]);
    });

    it('closes with messages in it', async () => {
      const store = await create({ maxMessagesPerUser: undefined });
      await store.append([message('bob', '1')]);
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}

function message(to: string, fingerprint: string, fields: Partial<StoredMessage> = {}): StoredMessage {
  return {
    to,
    from: 'alice',
    fingerprint,
    body: `body of ${fingerprint}`,
    acceptedAt: 1_700_000_000_000,
    ...fields,
  };
}

async function fingerprints(store: MessageStore, userId: string): Promise<string[]> {
  return (await store.take(userId, undefined, 10_000)).map(({ fingerprint }) => fingerprint);
}

function requireId(
  result: { readonly outcome: string; readonly id?: StoreId | undefined } | undefined,
): StoreId {
  if (result?.id === undefined) throw new Error(`no id in ${JSON.stringify(result)}`);
  return result.id;
}
