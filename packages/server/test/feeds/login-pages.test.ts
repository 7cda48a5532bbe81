import { describe, expect, it } from 'vitest';
import { openBench } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import { offer, onlineDevice } from '../support/log-device.js';
import { login, message } from '../support/wire.js';

const CONTENT = 'x'.repeat(700);

/** A server with 20 messages that wait for bob. */
async function setUp(limits = {}) {
  const store = new ControlledStore();
  const bench = await openBench({ store, limits });
  const alice = await bench.online('alice');
  for (let n = 1; n <= 20; n += 1) {
    alice.write(message('alice', 'bob', CONTENT, `f${n}`));
    await bench.settle();
  }
  alice.destroy();
  await bench.settle();
  expect(bench.metric('bytesUnderWay')).toBe(0);
  return { bench, store };
}

describe('a page that is read at a login', () => {
  it('counts as bytes under way until it is written', async () => {
    const { bench } = await setUp();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    expect(bench.metric('bytesUnderWay')).toBeGreaterThan(16 * 2 * 700);
    bob.acknowledge(0);
    await bench.settle();
    expect(bob.entries).toHaveLength(16);
    bob.acknowledge(16);
    await bench.settle();
    bob.acknowledge(20);
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('counts no more when its session ends before', async () => {
    const { bench } = await setUp();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    bob.peer.destroy();
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('counts while the device is being stored, also if that fails', async () => {
    const { bench, store } = await setUp();
    store.hold('putDevice');
    const bob = bench.connect();
    bob.write(login('bob', { x: offer('laptop') }));
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBeGreaterThan(20 * 2 * 700);
    store.failures.putDevice = new Error('disk');
    store.release('putDevice');
    await bench.settle();
    expect(bob.isClosed).toBe(true);
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('has no more messages than there is room for, and all others follow', async () => {
    const { bench } = await setUp({ maxBytesUnderWay: 4 * 1024 * 1024 });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    await bench.settle();
    expect(bob.entries.map(([position]) => position)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    bob.acknowledge(20);
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });
});
