import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import { openBench, START_TIME } from '../support/bench.js';
import { offer, onlineDevice } from '../support/log-device.js';
import { login, message, plainMessage } from '../support/wire.js';

const LONG = 'x'.repeat(2000);

const openWithStore = () => openBench({ store: memoryStore({ historyMs: 1_000_000 }) });

describe('a device that reads shorter frames than its transport carries', () => {
  it('is told which entry it cannot read, and gets the next one', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { max: 1024 });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', LONG, 'f1'), message('alice', 'bob', 'short', 'f2'));
    await bench.settle();
    expect(bob.extensions(1101)).toEqual([{ from: 1, to: 1, why: 'too-large' }]);
    expect(bob.entries).toEqual([[2, 'short']]);
    expect(bench.events.tooLarge).toMatchObject([
      { message: { fingerprint: 'f1', content: LONG }, maxBytes: 1024, transport: 'tcp' },
    ]);
    bob.sync(0);
    await bench.settle();
    expect(bob.extensions(1101)).toHaveLength(2);
    expect(bench.events.tooLarge).toHaveLength(1);
    expect(bench.metric('messagesTooLarge')).toBe(1);
  });

  it('is not written a message without QoS that it cannot read', async () => {
    const bench = await openWithStore();
    const short = await onlineDevice(bench, 'bob', 'phone', { max: 1024 });
    const long = await onlineDevice(bench, 'bob', 'laptop');
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', 'bob', LONG), plainMessage('alice', 'bob', 'short'));
    await bench.settle();
    expect(short.contents).toEqual(['short']);
    expect(long.contents).toEqual([LONG, 'short']);
  });

  it('gets answers that it can read', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    for (let n = 0; n < 10; n += 1) alice.write(message('alice', 'bob', 'y'.repeat(100), `f${n}`));
    await bench.settle();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { max: 2048 });
    bob.request(1, 'history', { c: 'alice', limit: 10 });
    await bench.settle();
    expect(bob.extensions(1104)).toMatchObject([{ q: 1, more: true }]);
    for (const frame of bob.peer.frames) expect(frame.length).toBeLessThanOrEqual(2048);
  });

  it('reads more again after another login on its connection', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { max: 1024 });
    bob.peer.write(login('bob', { x: offer('laptop', undefined, 65_536) }));
    await bench.settle();
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', LONG, 'f1'));
    await bench.settle();
    expect(bob.entries).toEqual([[1, LONG]]);
  });
});

describe('a device that reads longer frames', () => {
  it('gets no longer ones than its transport carries', async () => {
    const bench = await openWithStore();
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp', max: 65_536 });
    bob.acknowledge(0);
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', LONG, 'f1'));
    await bench.settle();
    expect(bob.extensions(1101)).toEqual([{ from: 1, to: 1, why: 'too-large' }]);
    expect(bench.events.tooLarge).toMatchObject([{ maxBytes: 1024, transport: 'udp' }]);
  });

  it('has a v6 session if what it says to read is nonsense', async () => {
    for (const max of [0, 1023, 16_777_217, -1]) {
      const bench = await openWithStore();
      const bob = bench.connect();
      bob.write(login('bob', { x: offer('laptop', undefined, max) }));
      await bench.settle();
      expect(bob.received[0]?.dataContent).toBe(`{"code":0,"firstLoginTime":${START_TIME}}`);
      expect(bench.events.violation).toMatchObject([{ reason: expect.stringContaining('x.max') }]);
    }
  });
});
