import { describe, expect, it } from 'vitest';
import type { MessageVerdict } from '../../src/hooks.js';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import { openBench } from '../support/bench.js';
import { onlineDevice } from '../support/log-device.js';
import { message } from '../support/wire.js';

async function openWithVerdict(verdict: () => MessageVerdict) {
  const bench = await openBench({ store: memoryStore(), hooks: { authorizeMessage: verdict } });
  return { bench, laptop: await onlineDevice(bench, 'alice', 'laptop') };
}

describe('a message that is not accepted', () => {
  it.each([
    [false, 'ERR_NOT_AUTHORIZED'],
    [{ accept: false }, 'ERR_NOT_AUTHORIZED'],
    [{ accept: false, code: 'ERR_NO_FRIEND' }, 'ERR_NO_FRIEND'],
  ])('is told with a code: %j', async (verdict, code) => {
    const { bench, laptop } = await openWithVerdict(() => verdict);
    laptop.write('bob', 'hello', 'f1');
    await bench.settle();
    expect(laptop.peer.received).toHaveLength(1);
    expect(laptop.extensions(1106)).toEqual([{ fp: 'f1', code }]);
  });

  it('is not told to a v6 client', async () => {
    const { bench } = await openWithVerdict(() => ({ accept: false, code: 'ERR_NO_FRIEND' }));
    const phone = await bench.online('alice');
    phone.write(message('alice', 'bob', 'hello', 'f1'));
    await bench.settle();
    expect(phone.received).toEqual([]);
  });

  it('is not told if the hook has failed: its next copy is asked about again', async () => {
    let isBroken = true;
    const { bench, laptop } = await openWithVerdict(() => {
      if (isBroken) throw new Error('no database');
      return true;
    });
    laptop.write('bob', 'hello', 'f1');
    await bench.settle();
    expect(laptop.peer.received).toEqual([]);
    isBroken = false;
    laptop.write('bob', 'hello', 'f1');
    await bench.settle();
    expect(laptop.extensions(1100)).toMatchObject([{ fp: 'f1', s: 1 }]);
  });

  it('is told if the queue of its receiver is full', async () => {
    const bench = await openBench({ store: memoryStore({ maxPerUser: 1 }) });
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    laptop.write('bob', 'one', 'f1');
    laptop.write('bob', 'two', 'f2');
    await bench.settle();
    expect(laptop.extensions(1106)).toEqual([{ fp: 'f2', code: 'ERR_QUEUE_FULL' }]);
  });
});
