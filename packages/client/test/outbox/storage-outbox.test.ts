import {
  type CreateOutboxStorage,
  describeDeviceRecords,
  describeOutboxStorage,
} from '@imcore/testkit/contracts';
import { describe, expect, it } from 'vitest';
import { type AlipayStorage, alipayStorage } from '../../src/outbox/alipay-storage.js';
import { type SyncStorage, syncStorage } from '../../src/outbox/storage-outbox.js';

/** A mini-program's storage: values are serialized as JSON, the size is limited. */
class FakeStorage implements SyncStorage {
  readonly data = new Map<string, string>();
  maxBytes = Number.POSITIVE_INFINITY;
  isReadable = true;

  setStorageSync(key: string, value: string): void {
    const others = [...this.data].filter(([other]) => other !== key);
    const bytes = [...others, [key, value]].reduce((sum, [name, text]) => sum + `${name}${text}`.length, 0);
    if (bytes > this.maxBytes) throw { errMsg: 'setStorageSync:fail exceed storage max size 10Mb' };
    this.data.set(key, JSON.stringify(value));
  }

  getStorageSync(key: string): unknown {
    if (!this.isReadable) throw { errMsg: 'getStorageSync:fail' };
    const text = this.data.get(key);
    return text === undefined ? '' : JSON.parse(text);
  }

  removeStorageSync(key: string): void {
    this.data.delete(key);
  }

  getStorageInfoSync() {
    return { keys: [...this.data.keys()].reverse() };
  }
}

/** Alipay's storage: calls take and return objects, and report some errors in the result. */
class FakeAlipay implements AlipayStorage {
  readonly storage = new FakeStorage();
  isFull = false;

  setStorageSync({ key, data }: { key: string; data: string }): object {
    if (this.isFull) return { error: 14, errorMessage: 'storage limit exceeded', success: false };
    if (key !== undefined) this.storage.setStorageSync(key, data);
    return { success: true };
  }

  getStorageSync({ key }: { key: string }): object {
    const data = this.storage.getStorageSync(key);
    return { data: data === '' ? null : data, success: true };
  }

  removeStorageSync({ key }: { key: string }): object {
    this.storage.removeStorageSync(key);
    return { success: true };
  }

  getStorageInfoSync() {
    return this.storage.getStorageInfoSync();
  }
}

const createStorageOfAlipay: CreateOutboxStorage = async () => {
  const storage = alipayStorage(new FakeAlipay());
  return { program: () => syncStorage(storage), kill: async () => {}, dispose: async () => {} };
};

describeOutboxStorage('storage of Alipay', createStorageOfAlipay);
describeDeviceRecords('storage of Alipay', createStorageOfAlipay);

describe('a durable outbox in Alipay’s storage', () => {
  it('reports errors that are in the result', async () => {
    const my = new FakeAlipay();
    const box = await syncStorage(alipayStorage(my)).open('alice', () => {});
    my.isFull = true;

    await expect(box.put('a', 'x')).rejects.toMatchObject({ code: 'ERR_OUTBOX_FULL' });
  });

  it('fails to open on a platform whose storage API is different', async () => {
    const storage = new FakeAlipay() as unknown as SyncStorage;

    await expect(syncStorage(storage).open('alice', () => {})).rejects.toMatchObject({
      code: 'ERR_OUTBOX_FAILED',
      message: expect.stringContaining('alipayStorage(my)'),
    });
  });
});

const createStorageOfAMiniProgram: CreateOutboxStorage = async () => {
  const storage = new FakeStorage();
  return { program: () => syncStorage(storage), kill: async () => {}, dispose: async () => {} };
};

describeOutboxStorage('storage of a mini-program', createStorageOfAMiniProgram);
describeDeviceRecords('storage of a mini-program', createStorageOfAMiniProgram);

describe('a durable outbox in a mini-program’s storage', () => {
  it('reports a full storage and stores further entries that fit', async () => {
    const storage = new FakeStorage();
    const box = await syncStorage(storage).open('alice', () => {});
    await box.put('a', 'x');
    storage.maxBytes = 100;

    await expect(box.put('b', 'y'.repeat(100))).rejects.toMatchObject({ code: 'ERR_OUTBOX_FULL' });
    await box.put('c', 'z');

    expect(await box.list()).toEqual([
      { key: 'a', value: 'x' },
      { key: 'c', value: 'z' },
    ]);
  });

  it('ignores keys of others, and removes invalid entries', async () => {
    const storage = new FakeStorage();
    storage.setStorageSync('settings', 'dark');
    storage.setStorageSync('imcore-outbox:alice:7', 'no entry');
    const box = await syncStorage(storage).open('alice', () => {});

    expect(await box.list()).toEqual([]);
    expect([...storage.data.keys()]).toEqual(['settings', 'imcore-outbox']);
  });

  it('does not open and removes nothing while the platform cannot read', async () => {
    const storage = new FakeStorage();
    await (await syncStorage(storage).open('alice', () => {})).put('a', 'x');
    storage.isReadable = false;

    await expect(syncStorage(storage).open('alice', () => {})).rejects.toMatchObject({
      code: 'ERR_OUTBOX_FAILED',
    });
    storage.isReadable = true;
    const box = await syncStorage(storage).open('alice', () => {});

    expect(await box.list()).toEqual([{ key: 'a', value: 'x' }]);
  });

  it('separates users whose ids have the same prefix', async () => {
    const storage = new FakeStorage();
    const other = await syncStorage(storage).open('alice:1', () => {});
    await other.put('a', 'x');

    const box = await syncStorage(storage).open('alice', () => {});

    expect(await box.list()).toEqual([]);
  });
});
