import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.js';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import { type Bench, openBench, START_TIME } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import { offer, onlineDevice } from '../support/log-device.js';
import { login, message } from '../support/wire.js';

const openWithStore = () => openBench({ store: memoryStore({ wallTime: () => START_TIME }) });

/** Alice writes to bob. */
async function write(bench: Bench, ...contents: readonly string[]): Promise<void> {
  const alice = await bench.online('alice');
  for (const content of contents) alice.write(message('alice', 'bob', content, content));
  await bench.settle();
  alice.destroy();
  await bench.settle();
}

describe('an entry', () => {
  it('that was written more than once is received once, and its memory is freed', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(bench, 'one', 'two');
    const bytes = bench.metric('bytesUnderWay');
    for (let n = 0; n < 5; n += 1) {
      bob.sync(0);
      await bench.settle();
    }
    expect(bench.metric('bytesUnderWay')).toBe(bytes);
    bob.acknowledge(2);
    await bench.settle();
    expect(bench.events.received.map(({ fingerprint }) => fingerprint)).toEqual(['one', 'two']);
    expect(bench.metric('messagesDelivered')).toBe(2);
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('is received once if a listener ends the session in the middle of an acknowledgement', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    bench.server.on('received', () => bench.server.kick('bob'));
    await write(bench, ...Array.from({ length: 70 }, (_, n) => `${n}`));
    bob.acknowledge(64);
    await bench.settle();
    expect(bob.peer.isClosed).toBe(true);
    expect(bench.events.received).toHaveLength(64);
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });
});

describe('the memory of a feed', () => {
  it('is freed for messages of the device itself', async () => {
    const bench = await openWithStore();
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    laptop.write('bob', 'hello', 'f1');
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('is freed for entries that came while the log was being read', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(bench, 'one');
    store.hold('read');
    bob.sync(0);
    await bench.settle();
    await write(bench, 'two');
    store.release('read');
    await bench.settle();
    expect(bob.contents).toEqual(['one', 'one', 'two']);
    bob.acknowledge(2);
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });
});

describe('a message that is stored while a login opens the log', () => {
  it('comes without another one', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    (await onlineDevice(bench, 'bob', 'laptop')).peer.destroy();
    await bench.settle();
    store.hold('putDevice');
    const peer = bench.connect();
    peer.write(login('bob', { x: offer('tablet') }));
    await bench.settle();
    await write(bench, 'hello');
    store.release('putDevice');
    await bench.settle();
    expect(peer.received.filter(({ type }) => type === 2)).toMatchObject([
      { dataContent: 'hello', x: { s: 1 } },
    ]);
  });
});

describe('a feed that was told that there may be entries', () => {
  const broken = new StoreError('ERR_STORE_FAILED', 'connection lost');

  /** A store whose answers to appends are lost. */
  function storeWithoutAnswers(): ControlledStore {
    const store = new ControlledStore();
    const append = store.append.bind(store);
    store.append = async (messages) => {
      await append(messages);
      throw broken;
    };
    return store;
  }

  it('looks again after the store could not be read', async () => {
    const store = storeWithoutAnswers();
    const bench = await openBench({ store });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    store.failures.read = broken;
    await write(bench, 'hello');
    await bench.advance(5000);
    expect(bob.contents).toEqual([]);
    store.failures.read = undefined;
    await bench.advance(2000);
    expect(bob.contents).toEqual(['hello']);
    bob.acknowledge(1);
    const reads = store.calls.read;
    await bench.advance(10_000);
    expect(store.calls.read).toBe(reads);
  });

  it('looks again if it was told once more while it looked', async () => {
    const store = storeWithoutAnswers();
    const bench = await openBench({ store });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    const { read } = store;
    let answer = (): void => {};
    // This read finds nothing, and is answered after the second append.
    store.read = async (...query) => {
      store.read = read;
      const page = await read(...query);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return page;
    };
    store.failures.append = broken;
    await write(bench, 'one');
    store.failures.append = undefined;
    await write(bench, 'two');
    answer();
    await bench.settle();
    expect(bob.contents).toEqual(['two']);
  });
});

describe('a login of a device', () => {
  it('can follow one of a v6 client on its connection, and the other way round', async () => {
    const bench = await openBench({ store: memoryStore() });
    const bob = await bench.online('bob');
    bob.write(login('bob', { x: offer('laptop') }));
    await bench.settle();
    await write(bench, 'one');
    expect(bob.received.filter(({ type }) => type === 2)).toMatchObject([
      { dataContent: 'one', x: { s: 1 } },
    ]);
    bob.write(login('bob'));
    await bench.settle();
    await write(bench, 'two');
    const last = bob.received.at(-1);
    expect(last).toMatchObject({ type: 2, dataContent: 'two' });
    expect(last).not.toHaveProperty('x');
    bob.destroy();
    await bench.settle();
    expect(bench.server.isOnline('bob')).toBe(false);
  });
});

describe('a hostile client', () => {
  it('cannot make the server read its log at each sync', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(bench, 'one', 'two');
    const before = store.calls.read;
    for (let n = 0; n < 1000; n += 1) {
      bob.sync(0);
      await bench.settle();
    }
    expect(store.calls.read - before).toBeLessThan(50);
    await bench.advance(10_000);
    bob.sync(1);
    await bench.settle();
    expect(bob.contents.at(-1)).toBe('two');
  });

  it('has no more messages under way by repeating one that was stored', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, limits: { maxUnacknowledgedBytes: 20_000 } });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    bob.write('alice', 'hello', 'f1');
    await bench.settle();
    store.hold('append');
    for (let n = 0; n < 100; n += 1) bob.write('alice', 'hello', 'f1');
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBeLessThan(20_000);
  });

  it('has no more devices than are allowed, although all are online', async () => {
    const bench = await openBench({ store: memoryStore(), sessions: { maxDevices: 3 } });
    const devices = [];
    for (let n = 0; n < 6; n += 1) {
      devices.push(await onlineDevice(bench, 'bob', `device ${n}`));
      await bench.advance(10);
    }
    expect(devices.map(({ peer }) => peer.isClosed)).toEqual([true, true, true, false, false, false]);
    expect(await bench.server.devices.list('bob')).toHaveLength(3);
  });
});

describe('a UDP session with a key', () => {
  it('is not ended by a login of another user from its forged address', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.acknowledge(0);
    bob.peer.write(login('mallory'));
    await bench.settle();
    bob.peer.write(login('mallory', { x: offer('laptop') }));
    await bench.settle();
    expect(bench.server.isOnline('bob')).toBe(true);
    await write(bench, 'hello');
    expect(bob.entries).toEqual([[1, 'hello']]);
  });

  it('is not ended by a login with a wrong token from its forged address', async () => {
    const authenticate = ({ token }: { readonly token: string | undefined }) =>
      token === 'wrong' ? ({ accept: false, code: 7 } as const) : ({ accept: true } as const);
    const bench = await openBench({ store: memoryStore(), hooks: { authenticate } });
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.acknowledge(0);
    for (const x of [undefined, offer('laptop'), offer('other')])
      bob.peer.write(login('bob', { loginToken: 'wrong', x }));
    await bench.settle();
    bob.peer.write(login('bob', { x: offer('other') }));
    await bench.settle();
    bob.peer.write(login('bob'));
    await bench.settle();
    expect(bench.server.sessions('bob')).toMatchObject([{ deviceId: 'laptop' }]);
    expect(bob.peer.received).toEqual([]);
    bob.write('bob', 'note', 'f1');
    await bench.settle();
    expect(bob.extensions(1100)).toMatchObject([{ fp: 'f1', s: 1 }]);
  });

  it('is served while a login from its forged address is being decided, of which there is one at a time', async () => {
    const asked: ((verdict: { accept: false; code: number }) => void)[] = [];
    const authenticate = ({ token }: { readonly token: string | undefined }) =>
      token === 'wrong'
        ? new Promise<{ accept: false; code: number }>((resolve) => asked.push(resolve))
        : ({ accept: true } as const);
    const bench = await openBench({ store: memoryStore(), hooks: { authenticate } });
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.acknowledge(0);
    const forge = (): void => bob.peer.write(login('bob', { loginToken: 'wrong', x: offer('laptop') }));
    for (let n = 0; n < 100; n += 1) forge();
    await bench.settle();
    expect(asked).toHaveLength(1);
    bob.write('bob', 'note', 'f1');
    await write(bench, 'hello');
    expect(bob.extensions(1100)).toMatchObject([{ fp: 'f1', s: 1 }]);
    expect(bob.entries).toEqual([[2, 'hello']]);
    asked[0]?.({ accept: false, code: 7 });
    await bench.settle();
    await bench.advance(1000);
    forge();
    await bench.settle();
    expect(asked).toHaveLength(2);
    expect(bench.events.limited).toEqual([]);
  });

  it('is served although logins from its forged address come while a hook is asked about its message', async () => {
    let allow = (_isAllowed: boolean): void => {};
    const hooks = {
      authorizeMessage: () => new Promise<boolean>((resolve) => (allow = resolve)),
      authenticate: ({ token }: { readonly token: string | undefined }) =>
        token === 'wrong' ? ({ accept: false, code: 7 } as const) : ({ accept: true } as const),
    };
    const bench = await openBench({ store: memoryStore(), hooks });
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.acknowledge(0);
    bob.write('bob', 'one', 'f1');
    for (let n = 0; n < 100; n += 1) {
      bob.peer.write(login('bob', { loginToken: 'wrong', x: offer('laptop') }));
      await bench.advance(10);
    }
    bob.write('bob', 'two', 'f2');
    for (let n = 0; n < 2; n += 1) {
      allow(true);
      await bench.settle();
    }
    expect(bob.extensions(1100)).toMatchObject([{ fp: 'f1' }, { fp: 'f2' }]);
    expect(bench.metric('limitDeferredPackets')).toBe(0);
  });

  it('goes on writing after its login was repeated', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.acknowledge(0);
    bob.peer.write(login('bob', { x: offer('laptop') }));
    await bench.settle();
    await write(bench, 'hello');
    expect(bob.entries).toEqual([[1, 'hello']]);
  });

  it('begins to write when a keep-alive has the key, although its first position was lost', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.send({ type: 1 });
    await bench.settle();
    await write(bench, 'hello');
    expect(bob.entries).toEqual([[1, 'hello']]);
  });
});

describe('a server that is closed', () => {
  it('calls no store afterwards for a login that was opening its log', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    store.hold('devices');
    bench.connect().write(login('bob', { x: offer('laptop') }));
    await bench.settle();
    await bench.close(100);
    store.release('devices');
    await bench.settle();
    expect(store.calls).toMatchObject({ close: 1, putDevice: 0 });
  });

  it('registers no device afterwards for a login that was making room for it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, sessions: { maxDevices: 1 } });
    (await onlineDevice(bench, 'bob', 'phone')).peer.destroy();
    await bench.settle();
    let removed = (): void => {};
    store.removeDevice = () => new Promise((resolve) => (removed = () => resolve(true)));
    const before = store.calls.putDevice;
    bench.connect().write(login('bob', { x: offer('laptop') }));
    await bench.settle();
    await bench.close(100);
    removed();
    await bench.settle();
    expect(store.calls).toMatchObject({ close: 1, putDevice: before });
  });

  it('does not list or remove devices', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    await onlineDevice(bench, 'bob', 'laptop');
    await bench.close(100);
    const before = store.calls.devices;
    const error = { code: 'ERR_NOT_LISTENING' };
    await expect(bench.server.devices.remove('bob', 'laptop')).rejects.toMatchObject(error);
    await expect(bench.server.devices.list('bob')).rejects.toMatchObject(error);
    expect(store.calls.devices).toBe(before);
  });
});
