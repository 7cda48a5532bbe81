import { settlePromises } from '@imcore/testkit';
import {
  type CreateOutboxStorage,
  describeDeviceRecords,
  describeOutboxStorage,
} from '@imcore/testkit/contracts';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { indexedDbStorage } from '../../src/outbox/indexed-db.js';
import type { Database, DatabaseFactory, StoragePlatform } from '../../src/outbox/indexed-db-types.js';
import type { OutboxStorage, StorageBox, StoredEntry } from '../../src/outbox/outbox-storage.js';
import { FakeOrigin, type FakeTab } from '../fixtures/fake-locks.js';

const createWithLocks: CreateOutboxStorage = async () => {
  const origin = new FakeOrigin();
  const factory = newFactory();
  const tabs = new Map<StorageBox, FakeTab>();
  return {
    program: () => {
      const tab = origin.tab();
      return watched(storageOf(factory, tab), (box) => tabs.set(box, tab));
    },
    kill: async (box) => tabs.get(box)?.end(),
    dispose: async () => {},
  };
};

describeOutboxStorage('IndexedDB in a page that has locks', createWithLocks);
describeDeviceRecords('IndexedDB in a page that has locks', createWithLocks);

describeOutboxStorage('IndexedDB in a page without locks', async () => {
  const factory = newFactory();
  return {
    program: () => indexedDbStorage('db', { indexedDB: factory }),
    kill: async () => {},
    dispose: async () => {},
  };
});

describe('two tabs with the same durable outbox', () => {
  it('have their own entries', async () => {
    const { open } = setUp();
    const [first, second] = [await open(), await open()];
    await first.box.put('a', '1');
    await second.box.put('b', '2');

    expect(await keys(first.box)).toEqual(['a']);
    expect(await keys(second.box)).toEqual(['b']);
  });

  it('adopt the entries of a closed tab at once, in order, when they open', async () => {
    const { open } = setUp();
    const first = await open();
    await first.box.put('a', '1');
    await first.box.put('b', '2');
    first.tab.end();

    const second = await open();
    await second.box.put('c', '3');

    expect(second.adopted).toEqual([]);
    expect(await keys(second.box)).toEqual(['a', 'b', 'c']);
  });

  it('adopt the entries of a tab that was opened before and is closed later', async () => {
    const { open } = setUp();
    const first = await open();
    await first.box.put('a', '1');
    const second = await open();

    first.tab.end();
    await expect.poll(() => second.adopted).toEqual(['a']);
    expect(await keys(second.box)).toEqual(['a']);
  });

  it('adopt the entries of a tab that was opened later', async () => {
    const { open } = setUp();
    const first = await open();
    const second = await open();
    await second.box.put('b', '2');

    await second.box.close();

    await expect.poll(() => first.adopted).toEqual(['b']);
  });

  it('do not adopt the same entries twice', async () => {
    const { open } = setUp();
    const first = await open();
    await first.box.put('a', '1');
    const [second, third] = [await open(), await open()];

    first.tab.end();

    await expect.poll(() => [...second.adopted, ...third.adopted]).toEqual(['a']);
    await settlePromises(200);
    expect([...(await keys(second.box)), ...(await keys(third.box))]).toEqual(['a']);
  });
});

describe('the tabs of a browser', () => {
  it('are devices of their own, with the places of tabs that are gone', async () => {
    const { openRecord } = setUp();
    const [first, second, third] = [await openRecord(), await openRecord(), await openRecord()];
    const [browser] = first.record?.id.split('/') ?? [];
    expect([first, second, third].map(({ record }) => record?.id)).toEqual([
      `${browser}/0`,
      `${browser}/1`,
      `${browser}/2`,
    ]);
    await second.record?.write('7 e');
    second.tab.end();
    const fourth = await openRecord();
    expect([fourth.record?.id, fourth.record?.position]).toEqual([`${browser}/1`, '7 e']);
    await first.record?.close();
    expect((await openRecord()).record?.id).toBe(`${browser}/0`);
  });

  it('have one id even if they are opened at once', async () => {
    const { openRecord } = setUp();
    const records = await Promise.all([openRecord(), openRecord(), openRecord(), openRecord()]);
    const ids = records.map(({ record }) => record?.id ?? '');
    expect(new Set(ids).size).toBe(4);
    expect(new Set(ids.map((id) => id.split('/')[0])).size).toBe(1);
  });

  it('are no devices beyond the eighth, and without locks', async () => {
    const { openRecord } = setUp();
    for (let i = 0; i < 8; i++) expect((await openRecord()).record).toBeDefined();
    expect((await openRecord()).record).toBeUndefined();
    expect(await indexedDbStorage('db', { indexedDB: newFactory() }).openRecord?.('alice')).toBeUndefined();
  });

  it('leave their place to others if the record cannot be opened', async () => {
    const { tab, openRecord } = setUp();
    const { navigator } = tab();
    const broken = indexedDbStorage('db', { navigator });
    await expect(broken.openRecord?.('device:alice')).rejects.toMatchObject({ code: 'ERR_OUTBOX_FAILED' });
    await settlePromises();
    expect((await openRecord()).record?.id).toMatch(/\/0$/);
  });
});

describe('IndexedDB', () => {
  it('causes an error if it is missing', async () => {
    await expect(indexedDbStorage('db', {}).open('alice', () => {})).rejects.toMatchObject({
      name: 'OutboxError',
      code: 'ERR_OUTBOX_FAILED',
    });
  });

  it('closes the database for a newer version of the page', async () => {
    const factory = newFactory();
    const box = await indexedDbStorage('db', { indexedDB: factory }).open('alice', () => {});
    await new Promise<void>((resolve, reject) => {
      const request = factory.open('db', 2);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(new Error('blocked'));
    });

    await expect(box.put('a', '1')).rejects.toMatchObject({ code: 'ERR_OUTBOX_FAILED' });
  });

  it('is reopened when the browser has closed the database of a background page', async () => {
    const opened: Database[] = [];
    const factory = newFactory();
    const noting: DatabaseFactory = {
      open(name, version) {
        const request = factory.open(name, version);
        (request as unknown as EventTarget).addEventListener('success', () => opened.push(request.result));
        return request;
      },
    };
    const box = await indexedDbStorage('db', { indexedDB: noting }).open('alice', () => {});
    await box.put('a', '1');
    opened[0]?.close();

    await box.put('b', '2');
    expect(await keys(box)).toEqual(['a', 'b']);
    await box.close();
    expect(opened).toHaveLength(2);
  });
});

function newFactory(): DatabaseFactory {
  return new IDBFactory() as unknown as DatabaseFactory;
}

function storageOf(indexedDB: DatabaseFactory, tab: FakeTab): OutboxStorage {
  const { navigator, BroadcastChannel } = tab;
  const platform: StoragePlatform = { indexedDB, navigator, BroadcastChannel, AbortController };
  return indexedDbStorage('db', platform);
}

function watched(storage: OutboxStorage, opened: (box: StorageBox) => void): OutboxStorage {
  return {
    async open(name, adopted) {
      const box = await storage.open(name, adopted);
      opened(box);
      return box;
    },
    openRecord: storage.openRecord,
  };
}

function setUp() {
  const origin = new FakeOrigin();
  const factory = newFactory();
  return {
    async open() {
      const tab = origin.tab();
      const adopted: string[] = [];
      const box = await storageOf(factory, tab).open('alice', (entries: readonly StoredEntry[]) => {
        for (const { key } of entries) adopted.push(key);
      });
      return { tab, box, adopted };
    },
    async openRecord() {
      const tab = origin.tab();
      return { tab, record: await storageOf(factory, tab).openRecord?.('device:alice') };
    },
    tab: () => origin.tab(),
  };
}

async function keys(box: StorageBox): Promise<string[]> {
  return (await box.list()).map(({ key }) => key);
}
