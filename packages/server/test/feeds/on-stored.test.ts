import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/message.js';
import { type Bench, openBench } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import { onlineDevice } from '../support/log-device.js';
import { acknowledgement, message } from '../support/wire.js';

/** A server whose hook `onStored` writes down the contents. */
async function setUp() {
  const told: string[] = [];
  const store = new ControlledStore();
  const onStored = (messages: readonly Message[]): void => {
    for (const { content } of messages) told.push(content);
  };
  const bench = await openBench({ store, hooks: { onStored } });
  const alice = await bench.online('alice');
  const write = async (from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n += 1) {
      alice.write(message('alice', 'bob', `${n}`, `f${n}`));
      await bench.settle();
    }
  };
  return { bench, store, told, write };
}

/** The contents from one number to another. */
function contents(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`);
}

async function end(bench: Bench, peer: { destroy(): void }): Promise<void> {
  peer.destroy();
  await bench.advance(250);
}

describe('the hook onStored, for a user with named devices', () => {
  it('is called as for any other user while all of them are offline', async () => {
    const { bench, told, write } = await setUp();
    for (const id of ['laptop', 'phone']) (await onlineDevice(bench, 'bob', id)).peer.destroy();
    await bench.settle();
    await write(1, 1);
    await bench.advance(200);
    expect(told).toEqual(['1']);
  });

  it('is called for everything that the last session has not acknowledged, also beyond its window and its memory', async () => {
    const { bench, told, write } = await setUp();
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(1, 300);
    expect(bob.entries).toHaveLength(64);
    bob.acknowledge(10);
    await bench.advance(1000);
    expect(told).toEqual([]);
    await end(bench, bob.peer);
    expect(told).toEqual(contents(11, 300));
  });

  it('is not called for what another device has acknowledged', async () => {
    const { bench, told, write } = await setUp();
    const laptop = await onlineDevice(bench, 'bob', 'laptop');
    const phone = await onlineDevice(bench, 'bob', 'phone');
    await write(1, 3);
    laptop.acknowledge(2);
    await bench.settle();
    await end(bench, laptop.peer);
    expect(told).toEqual([]);
    await end(bench, phone.peer);
    expect(told).toEqual(['3']);
  });

  it('is called once for a message that waited before a session got it', async () => {
    const { bench, told, write } = await setUp();
    (await onlineDevice(bench, 'bob', 'laptop')).peer.destroy();
    await write(1, 1);
    await bench.advance(200);
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    expect(bob.entries).toEqual([[1, '1']]);
    await end(bench, bob.peer);
    expect(told).toEqual(['1']);
  });

  it('is called for what its v6 session has not acknowledged', async () => {
    const { bench, told, write } = await setUp();
    (await onlineDevice(bench, 'bob', 'laptop')).peer.destroy();
    const phone = await bench.online('bob');
    await write(1, 3);
    phone.write(acknowledgement('bob', 'alice', 'f2'));
    await bench.advance(1000);
    expect(told).toEqual([]);
    await end(bench, phone);
    expect(told).toEqual(['1', '3']);
  });

  it('is called again later if the log cannot be read', async () => {
    const { bench, store, told, write } = await setUp();
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(1, 2);
    store.failures.read = new Error('disk');
    await end(bench, bob.peer);
    expect(told).toEqual([]);
    store.failures.read = undefined;
    await bench.advance(1250);
    expect(told).toEqual(['1', '2']);
  });

  it('is called before the server closes', async () => {
    const { bench, told, write } = await setUp();
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(1, 100);
    bob.acknowledge(1);
    await bench.close(100);
    expect(told).toEqual(contents(2, 100));
  });

  it('reports messages that are too many for it', async () => {
    const { bench, told, write } = await setUp();
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await write(1, 1002);
    await end(bench, bob.peer);
    await bench.advance(1000);
    expect(told).toEqual(contents(3, 1002));
    expect(bench.metric('limitOfflineNotices')).toBe(2);
  });
});
