import { describe, expect, it } from 'vitest';
import { StoreError } from '../src/errors.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message } from './support/wire.js';

const broken = new StoreError('ERR_STORE_FAILED', 'disk full');

/** Each append stores its messages, and fails. */
function storeThatLosesAnswers(): ControlledStore {
  const store = new ControlledStore();
  const append = store.append.bind(store);
  store.append = async (messages) => {
    await append(messages);
    throw broken;
  };
  return store;
}

describe('a store that fails to append', () => {
  it('does not acknowledge the sender, reports the error and stores the next copy', async () => {
    const store = new ControlledStore();
    store.failures.append = broken;
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.events.error).toEqual([broken]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store', message: { fingerprint: 'fp-1' } }]);
    expect(bench.metric('storeFailures')).toBe(1);

    store.failures.append = undefined;
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
  });

  it('makes the server ask the application', async () => {
    const store = new ControlledStore();
    store.failures.append = broken;
    const bench = await openBench({ store, hooks: { onUndeliverable: () => true } });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bench.events.stored).toHaveLength(1);
  });

  it('because the queue is full does not acknowledge the sender and reports no error', async () => {
    const store = new ControlledStore({ maxPerUser: 1 });
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bench.events.undelivered).toMatchObject([
      { reason: 'queue-full', message: { fingerprint: 'fp-2' } },
    ]);
    expect(bench.events.error).toEqual([]);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    alice.write(message('alice', 'bob', 'two', 'fp-2'));
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2']);
  });

  it('keeps the message in flight, and the receiver can still acknowledge it', async () => {
    const store = new ControlledStore();
    store.failures.append = broken;
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(3000);
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('is called again with the next copy to the receiver', async () => {
    const store = new ControlledStore();
    store.failures.append = broken;
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(5999);
    store.failures.append = undefined;
    await bench.advance(1);
    expect(bob.received).toHaveLength(2);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
  });

  it('makes messages undeliverable that were in flight when the session ended', async () => {
    const store = new ControlledStore();
    store.failures.append = broken;
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.leave();
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store' }]);
    store.failures.append = undefined;
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('after the session has ended makes the message undeliverable too', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    store.hold('append');
    await bench.advance(1000);
    bob.leave();
    await bench.settle();
    store.failures.append = broken;
    store.release('append');
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store' }]);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('and cannot be read delays no live message to a receiver who could not be given that one', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    store.failures.append = broken;
    store.failures.take = broken;
    alice.write(message('alice', 'bob', 'x'.repeat(2000), 'fp-large'));
    await bench.settle();
    expect(bench.events.undelivered).toMatchObject([
      { reason: 'store', message: { fingerprint: 'fp-large' } },
    ]);
    alice.write(message('alice', 'bob', 'live', 'fp-live'));
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-live']);
    bob.write(acknowledgement('bob', 'alice', 'fp-live'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-live' }]);
  });

  it('but has stored the message replays it to a receiver who came online meanwhile, once it can be read', async () => {
    const store = storeThatLosesAnswers();
    store.hold('append');
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'answer lost', 'fp-1'));
    const bob = await bench.online('bob');
    store.failures.take = broken;
    store.release('append');
    await bench.settle();
    expect(bob.received).toEqual([]);
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1']);
  });

  it('but has stored the message asks for it again when its receiver has acknowledged it', async () => {
    const store = storeThatLosesAnswers();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'answer lost', 'fp-1'));
    await bench.advance(3000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-1']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    expect(await store.waiting('bob')).toEqual([]);
    expect(alice.received).toHaveLength(1);
  });

  it('but has stored a message that was acknowledged meanwhile asks for it again', async () => {
    const store = storeThatLosesAnswers();
    store.hold('append');
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'answer lost', 'fp-1'));
    await bench.advance(3000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    store.release('append');
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-1']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('but has stored a message that was acknowledged meanwhile confirms it if it was read before', async () => {
    const store = new ControlledStore();
    const append = store.append.bind(store);
    let fail: () => void = () => {};
    store.append = async (messages) => {
      await append(messages);
      await new Promise<void>((resolve) => {
        fail = resolve;
      });
      throw broken;
    };
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'answer late, and an error', 'fp-1'));
    await bench.advance(3000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    bob.leave();
    const again = await bench.online('bob');
    await bench.settle();
    fail();
    await bench.advance(1000);
    expect(again.received).toEqual([]);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('does not delay messages to a receiver who came online meanwhile', async () => {
    const store = new ControlledStore();
    store.hold('append');
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'lost', 'fp-1'));
    const bob = await bench.online('bob');
    store.failures.append = broken;
    store.release('append');
    await bench.settle();
    alice.write(message('alice', 'bob', 'live', 'fp-2'));
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-2']);
  });
});

describe('a store that cannot be read', () => {
  it('is read again a second later, and again', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    (await bench.online('alice')).write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    store.failures.take = broken;
    const bob = await bench.online('bob');
    await bench.advance(1000);
    expect(bench.events.error).toEqual([broken, broken]);
    store.failures.take = undefined;
    await bench.advance(999);
    expect(bob.received).toEqual([]);
    await bench.advance(1);
    expect(bob.received).toMatchObject([{ fp: 'fp-1' }]);
  });

  it('is not read for a session that has ended meanwhile', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    (await bench.online('alice')).write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    store.hold('take');
    const bob = await bench.online('bob');
    bob.leave();
    await bench.settle();
    store.failures.take = broken;
    store.release('take');
    await bench.settle();
    store.failures.take = undefined;
    const { take } = store.calls;
    await bench.advance(5000);
    expect(store.calls.take).toBe(take);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('keeps new messages in order after those that could not be read', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.settle();
    store.failures.take = broken;
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'two', 'fp-2'));
    await bench.settle();
    expect(bob.received).toEqual([]);
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2']);
  });

  it('because one message is damaged replays the others, and reports an error', async () => {
    const store = new ControlledStore();
    await store.append([
      { to: 'bob', from: 'alice', fingerprint: 'fp-1', body: '{"type":', acceptedAt: START_TIME },
      {
        to: 'bob',
        from: 'alice',
        fingerprint: 'fp-2',
        body: message('alice', 'bob', 'ok', 'fp-2'),
        acceptedAt: START_TIME,
      },
    ]);
    const bench = await openBench({ store });
    const bob = await bench.online('bob');
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-2']);
    expect(bench.events.error).toMatchObject([
      { code: 'ERR_STORE_FAILED', message: 'the message at position 1 of user bob cannot be read' },
    ]);
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2']);
  });
});

describe('a store that cannot confirm', () => {
  it('reports the error, does not replay the message, and confirms it a second later', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    store.failures.confirm = broken;
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(bench.events.error).toEqual([broken]);
    expect(bench.metric('storeFailures')).toBe(1);
    store.failures.confirm = undefined;
    const back = await bench.online('bob');
    expect(back.received).toEqual([]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    await bench.advance(1000);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('and then returns a page does not make the server replay what was acknowledged before', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    const bob = await bench.online('bob');
    store.hold('confirm');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    const take = store.take.bind(store);
    let answer = () => {};
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    store.take = async (userId, after, limit) => {
      const page = await take(userId, after, limit);
      await mayAnswer;
      return page;
    };
    const anew = await bench.online('bob');
    store.release('confirm');
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
    answer();
    await bench.settle();
    expect(anew.received).toEqual([]);
  });

  it('because the append has not returned an id does not make the server replay the message', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    const append = store.append.bind(store);
    let answer = () => {};
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    store.append = async (messages) => {
      const results = await append(messages);
      await mayAnswer;
      return results;
    };
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(1000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    const anew = await bench.online('bob');
    answer();
    await bench.advance(1000);
    expect(anew.received).toEqual([]);
    expect(await store.waiting('bob')).toEqual([]);
  });
});
