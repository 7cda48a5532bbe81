import { describe, expect, it } from 'vitest';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message, plainMessage, toBody } from './support/wire.js';

describe('a message to a user who is not online, with a store', () => {
  it('is acknowledged to its sender when the store has it', async () => {
    const store = new ControlledStore();
    store.hold('append');
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', '消息', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(alice.received).toEqual([
      {
        bridge: false,
        type: 4,
        dataContent: 'fp-1',
        from: 'bob',
        to: 'alice',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(bench.events.stored).toMatchObject([{ from: 'alice', to: 'bob', content: '消息' }]);
    expect(bench.metric('messagesStored')).toBe(1);
  });

  it('is stored as the bytes that its sender wrote', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', '消息', 'fp-1'));
    await bench.settle();
    expect(store.appended).toEqual([
      [
        {
          to: 'bob',
          from: 'alice',
          fingerprint: 'fp-1',
          body: toBody(message('alice', 'bob', '消息', 'fp-1')),
          acceptedAt: START_TIME,
        },
      ],
    ]);
  });

  it('is acknowledged again but not stored again when its sender repeats it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(alice.received).toHaveLength(2);
    expect(store.calls.append).toBe(1);
  });

  it('is acknowledged if the store already has it from before a restart', async () => {
    const store = new ControlledStore();
    const before = await openBench({ store });
    (await before.online('alice')).write(message('alice', 'bob', 'hello', 'fp-1'));
    await before.settle();
    const after = await openBench({ store });
    const alice = await after.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await after.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
  });

  it('is acknowledged and not delivered again if it was confirmed before a restart', async () => {
    const store = new ControlledStore();
    const before = await openBench({ store });
    (await before.online('alice')).write(message('alice', 'bob', 'hello', 'fp-1'));
    await before.settle();
    (await before.online('bob')).write(acknowledgement('bob', 'alice', 'fp-1'));
    await before.settle();
    const after = await openBench({ store });
    const alice = await after.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await after.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    const bob = await after.online('bob');
    expect(bob.received).toEqual([]);
  });

  it('can be sent to several users with one fingerprint', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'to all', 'fp-1'), message('alice', 'carol', 'to all', 'fp-1'));
    await bench.settle();
    expect(alice.received.map(({ from }) => from)).toEqual(['bob', 'carol']);
    const carol = await bench.online('carol');
    carol.write(acknowledgement('carol', 'alice', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(await store.waiting('carol')).toEqual([]);
  });

  it('without QoS is not stored', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', 'bob', 'hello'));
    await bench.settle();
    expect(store.calls.append).toBe(0);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
  });

  it('is stored in one call with all others of the same turn', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(...[1, 2, 3].map((n) => message('alice', `user-${n}`, 'hello', `fp-${n}`)));
    await bench.settle();
    alice.write(...[4, 5].map((n) => message('alice', `user-${n}`, 'hello', `fp-${n}`)));
    await bench.settle();
    store.release('append');
    await bench.settle();
    expect(store.appended.map((batch) => batch.length)).toEqual([3, 2]);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual([
      'fp-1',
      'fp-2',
      'fp-3',
      'fp-4',
      'fp-5',
    ]);
  });
});

describe('a message that its receiver takes long to acknowledge', () => {
  it('is stored after a second, and its sender is acknowledged', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(999);
    expect(alice.received).toEqual([]);
    expect(store.calls.append).toBe(0);
    await bench.advance(1);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob' }]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(bob.received).toHaveLength(1);
    expect(bench.events.stored).toHaveLength(1);
    expect(bench.events.delivered).toEqual([]);
  });

  it('is stored after storeAfterMs', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, storeAfterMs: 250 });
    const alice = await bench.online('alice');
    await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(249);
    expect(store.calls.append).toBe(0);
    await bench.advance(1);
    expect(alice.received).toHaveLength(1);
  });

  it('is removed from the store when the receiver acknowledges, and the sender gets nothing more', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(1000);
    alice.takeReceived();
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
    expect(alice.received).toEqual([]);
    expect(bench.events.delivered).toMatchObject([{ content: 'hello' }]);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('is retransmitted every 5 s until the session ends', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'websocket');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(17_000);
    expect(bob.frames).toHaveLength(4);
    expect(new Set(bob.frames).size).toBe(1);
    expect(bench.events.lost).toEqual([]);
  });

  it('is acknowledged once when the receiver is faster than the store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    store.hold('append');
    await bench.advance(1000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toHaveLength(1);
    store.release('append');
    await bench.settle();
    expect(alice.received).toHaveLength(1);
    expect(await store.waiting('bob')).toEqual([]);
    expect(bench.events.stored).toEqual([]);
  });

  it('is confirmed although the session ends after the acknowledgement', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.leave();
    await bench.settle();
    const back = await bench.online('bob');
    expect(back.received).toMatchObject([{ fp: 'fp-1' }]);
    back.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
    expect(alice.received).toHaveLength(1);
  });
});

describe('an exchange between two users who are online', () => {
  it('never calls the store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    await bench.settle();
    const atLogin = { ...store.calls };
    for (let i = 0; i < 40; i++) {
      alice.write(message('alice', 'bob', `${i}`, `fp-${i}`));
      if (i >= 20) bob.write(acknowledgement('bob', 'alice', `fp-${i - 20}`));
      await bench.settle();
    }
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(
      Array.from({ length: 40 }, (_, index) => `${index}`),
    );
    expect(store.calls).toEqual(atLogin);
  });
});

describe('messages that are in flight when the receiver’s session ends', () => {
  it('are stored in order, after those that it already had', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.advance(1000);
    alice.write(
      message('alice', 'bob', 'two', 'fp-2'),
      message('alice', 'bob', 'three', 'fp-3'),
      message('alice', 'bob', 'four', 'fp-4'),
    );
    bob.write(acknowledgement('bob', 'alice', 'fp-3'));
    bob.leave();
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2', 'fp-4']);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-3', 'fp-2', 'fp-4']);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('are stored when the session is closed because it is too slow', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, limits: { maxBufferedBytes: 2000 } });
    const senders = [await bench.online('a1'), await bench.online('a2'), await bench.online('a3')];
    const bob = await bench.online('bob');
    bob.stopReading();
    for (const [index, sender] of senders.entries()) {
      const text = message(`a${index + 1}`, 'bob', 'x'.repeat(900), `fp-${index + 1}`);
      sender.write(text);
    }
    await bench.settle();
    expect(bob.end).toBe('destroyed');
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2', 'fp-3']);
    for (const sender of senders) expect(sender.received).toHaveLength(1);
  });

  it('are stored before a later one that is too long for the session', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    alice.write(
      message('alice', 'bob', 'one', 'fp-1'),
      message('alice', 'bob', 'x'.repeat(2000), 'fp-2'),
      message('alice', 'bob', 'three', 'fp-3'),
    );
    await bench.settle();
    bob.leave();
    await bench.settle();
    const back = await bench.online('bob', 'tcp');
    expect(back.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2', 'fp-3']);
  });
});
