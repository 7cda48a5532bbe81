import { describe, expect, it } from 'vitest';
import { createServer } from '../src/create-server.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message, plainMessage } from './support/wire.js';

/** Content whose message takes about 3400 bytes. */
const LONG = 'x'.repeat(1200);

function long(from: string, to: string, fingerprint: string): string {
  return message(from, to, LONG, fingerprint);
}

/** Number of messages that the server has accepted. */
const ACCEPTED = 'messagesAccepted';

describe('maxUnacknowledgedBytes', () => {
  it('drops a message beyond it and accepts its copy when there is room', async () => {
    const bench = await openBench({ limits: { maxUnacknowledgedBytes: 8000 } });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    alice.write(long('alice', 'bob', 'fp-1'), long('alice', 'bob', 'fp-2'), long('alice', 'bob', 'fp-3'));
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2']);
    expect(bench.events.limited).toMatchObject([
      { limit: 'maxUnacknowledgedBytes', value: 8000, userId: 'alice' },
    ]);
    expect(bench.metric('limitUnacknowledgedBytes')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    alice.write(long('alice', 'bob', 'fp-3'));
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toContain('fp-3');
  });

  it('acknowledges a copy of a handled message although it is reached', async () => {
    const bench = await openBench({ limits: { maxUnacknowledgedBytes: 8000 } });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    alice.write(long('alice', 'bob', 'fp-1'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    alice.write(long('alice', 'bob', 'fp-2'), long('alice', 'bob', 'fp-3'), long('alice', 'bob', 'fp-1'));
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-1']);
  });
});

describe('maxBytesUnderWay', () => {
  it('is a quarter of the heap by default', () => {
    expect(DEFAULT_LIMITS.maxBytesUnderWay).toBeGreaterThan(10 * 1024 * 1024);
  });

  it('leaves room for others: a sender may have as many bytes as are free', async () => {
    const bench = await openBench({ limits: { maxBytesUnderWay: 60_000 } });
    const mallory = await bench.online('mallory');
    const carol = await bench.online('carol');
    await bench.online('bob');
    const flood = Array.from({ length: 40 }, (_, index) => long('mallory', 'bob', `fp-${index}`));
    mallory.write(...flood);
    expect(bench.metric('bytesUnderWay')).toBeLessThanOrEqual(15_000 + 3500);
    expect(bench.metric('limitBytesUnderWay')).toBeGreaterThan(20);
    expect(bench.events.limited.at(-1)).toMatchObject({ limit: 'maxBytesUnderWay', value: 60_000 });
    const accepted = bench.metric(ACCEPTED);
    carol.write(long('carol', 'bob', 'fp-of-carol'));
    expect(bench.metric(ACCEPTED)).toBe(accepted + 1);
  });

  it('pauses a stream whose sender has much under way, before it drops messages', async () => {
    const bench = await openBench({ limits: { maxBytesUnderWay: 110_000 } });
    const alice = await bench.online('alice');
    await bench.online('bob');
    const messages = Array.from({ length: 8 }, (_, index) => long('alice', 'bob', `fp-${index}`));
    alice.write(...messages);
    expect(alice.isPaused).toBe(true);
    expect(bench.metric('sendersSlowedDown')).toBe(1);
    expect(bench.metric('limitBytesUnderWay')).toBe(0);
    await bench.advance(100);
    expect(alice.isPaused).toBe(false);
  });

  it('rejects messages of the server itself beyond its share', async () => {
    const bench = await openBench({ limits: { maxBytesUnderWay: 20_000 } });
    await bench.online('bob');
    const outcomes = Array.from({ length: 4 }, () => bench.server.send('bob', LONG).catch((error) => error));
    expect(await outcomes.at(-1)).toMatchObject({ code: 'ERR_SERVER_BUSY' });
    expect(bench.metric('limitBytesUnderWay')).toBeGreaterThan(0);
    await bench.server.close({ drainMs: 0 });
    await Promise.all(outcomes);
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('counts messages without QoS while a hook is asked about them', async () => {
    let answer = (_isTaken: boolean): void => {};
    const bench = await openBench({
      hooks: {
        onUndeliverable: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      },
    });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', 'nobody', 'hello'));
    expect(bench.metric('bytesUnderWay')).toBeGreaterThan(0);
    answer(true);
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it.each([true, false, 'neither'])(
    'counts a message while authorizeMessage has not answered, which says %s',
    async (says) => {
      let answer = (_says: unknown): void => {};
      const bench = await openBench({
        hooks: {
          authorizeMessage: () =>
            new Promise<never>((resolve) => {
              answer = resolve as (says: unknown) => void;
            }),
        },
      });
      const alice = await bench.online('alice');
      const bob = await bench.online('bob');
      alice.write(long('alice', 'bob', 'fp-1'));
      expect(bench.metric('bytesUnderWay')).toBeGreaterThan(2 * LONG.length);
      answer(says);
      await bench.settle();
      bob.write(acknowledgement('bob', 'alice', 'fp-1'));
      expect(bench.metric('bytesUnderWay')).toBe(0);
    },
  );

  it('counts messages to the server while its hook has not answered', async () => {
    let answer = (): void => {};
    const bench = await openBench({
      hooks: {
        onServerMessage: () =>
          new Promise<void>((resolve) => {
            answer = resolve;
          }),
      },
    });
    const alice = await bench.online('alice');
    alice.write(long('alice', '0', 'fp-1'));
    expect(bench.metric('bytesUnderWay')).toBeGreaterThan(LONG.length);
    answer();
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('counts what the store has not answered, also after the receiver has acknowledged', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    await bench.settle();
    store.hold('append');
    alice.write(long('alice', 'bob', 'fp-1'));
    await bench.advance(1000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBeGreaterThan(LONG.length);
    store.release('append');
    await bench.settle();
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('counts what a store holds that was given up, and does not call it again when that is too much', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, limits: { maxBytesUnderWay: 24_000 }, storeTimeoutMs: 1000 });
    const alice = await bench.online('alice');
    store.hold('append');
    for (let round = 0; round < 12; round += 1) {
      alice.write(long('alice', `carol-${round}`, `fp-${round}`));
      await bench.advance(1100);
    }
    expect(bench.metric('bytesUnderWay')).toBeLessThan(24_000);
    expect(store.calls.append).toBeLessThan(6);
    expect(bench.metric('limitBytesUnderWay')).toBeGreaterThan(0);
    store.release('append');
    await bench.advance(2000);
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });

  it('leaves stored messages of silent receivers to the store when few bytes are free', async () => {
    const bench = await openBench({ store: memoryStore(), limits: { maxBytesUnderWay: 160_000 } });
    const alice = await bench.online('alice');
    await bench.online('bob');
    for (let round = 0; round < 20; round += 1) {
      alice.write(long('alice', 'bob', `fp-${round}`));
      await bench.advance(2000);
    }
    expect(bench.metric('messagesStored')).toBe(20);
    expect(bench.metric('bytesUnderWay')).toBeLessThan(12_000);
  });

  it('counts nothing any more when a server with and without messages has closed', async () => {
    const bench = await openBench({ store: memoryStore() });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    alice.write(long('alice', 'bob', 'fp-1'), long('alice', 'carol', 'fp-2'));
    await bench.advance(3000);
    bob.leave();
    await bench.settle();
    const again = await bench.online('bob');
    await bench.settle();
    expect(again.received).toHaveLength(1);
    await bench.server.close({ drainMs: 0 });
    expect(bench.metric('bytesUnderWay')).toBe(0);
  });
});

describe('limits of bytes', () => {
  it.each([{ maxBytesUnderWay: 0 }, { maxUnacknowledgedBytes: 1.5 }])('rejects %j', (limits) => {
    expect(() => createServer({ transports: [], limits })).toThrow();
  });
});
