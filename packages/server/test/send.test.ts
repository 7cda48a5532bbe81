import { describe, expect, it } from 'vitest';
import { DeliveryError, StoreError, UsageError } from '../src/errors.js';
import type { SendOptions } from '../src/hooks.js';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { Bench, openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message } from './support/wire.js';

/** What a promise has come to, for promises that are settled now or not at all. */
function track(promise: Promise<unknown>): { state: string; error: unknown } {
  const tracked: { state: string; error: unknown } = { state: 'pending', error: undefined };
  promise.then(
    (value) => {
      tracked.state = String(value);
    },
    (error: unknown) => {
      tracked.state = 'rejected';
      tracked.error = error;
    },
  );
  return tracked;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a message of the server', () => {
  it('is a QoS packet from "0" with a new UUID', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    void bench.server.send('bob', '你好');
    void bench.server.send('bob', 'again');
    expect(bob.received[0]).toEqual({
      bridge: false,
      type: 2,
      dataContent: '你好',
      from: '0',
      to: 'bob',
      fp: expect.stringMatching(UUID),
      QoS: true,
      typeu: -1,
      sm: -1,
    });
    expect(bob.received[1]?.fp).not.toBe(bob.received[0]?.fp);
    expect(bench.metric('messagesFromServer')).toBe(2);
  });

  it('takes its fingerprint from the given source of randomness', async () => {
    const bench = await openBench({ random: () => 0 });
    const bob = await bench.online('bob');
    void bench.server.send('bob', 'hello');
    expect(bob.received[0]?.fp).toBe('00000000-0000-4000-8000-000000000000');
  });

  it('carries the type and the fingerprint of the caller', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    void bench.server.send('bob', 'hello', { type: -2_147_483_648, fingerprint: 'mine' });
    expect(bob.received).toMatchObject([{ typeu: -2_147_483_648, fp: 'mine', QoS: true }]);
  });

  it('resolves as received when the receiver acknowledges', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    const outcome = track(bench.server.send('bob', 'hello', { fingerprint: 'fp-1' }));
    await bench.advance(3000);
    expect(outcome.state).toBe('pending');
    bob.write(acknowledgement('bob', '0', 'fp-1'));
    await bench.settle();
    expect(outcome.state).toBe('received');
    expect(bench.events.received).toEqual([{ userId: 'bob', from: '0', fingerprint: 'fp-1', deviceId: '' }]);
    expect(bench.events.delivered).toEqual([]);
  });

  it('without QoS resolves as written, and has no fingerprint', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    const outcome = track(bench.server.send('bob', 'tick', { qos: false }));
    await bench.settle();
    expect(outcome.state).toBe('written');
    expect(bob.received[0]).toEqual({
      bridge: false,
      type: 2,
      dataContent: 'tick',
      from: '0',
      to: 'bob',
      QoS: false,
      typeu: -1,
      sm: -1,
    });
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('without QoS keeps a fingerprint that the caller gives', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    await bench.server.send('bob', 'tick', { qos: false, fingerprint: 'fp-1' });
    expect(bob.received).toMatchObject([{ QoS: false, fp: 'fp-1' }]);
  });

  it('resolves as stored when the user is not online and the store has it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const outcome = track(bench.server.send('bob', 'hello', { fingerprint: 'fp-1' }));
    await bench.settle();
    expect(outcome.state).toBe('stored');
    const bob = await bench.online('bob');
    expect(bob.received).toMatchObject([{ from: '0', dataContent: 'hello', fp: 'fp-1' }]);
    bob.write(acknowledgement('bob', '0', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('resolves as stored when the receiver takes long to acknowledge', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    await bench.online('bob');
    const outcome = track(bench.server.send('bob', 'hello'));
    await bench.advance(999);
    expect(outcome.state).toBe('pending');
    await bench.advance(1);
    expect(outcome.state).toBe('stored');
  });

  it('is the same message as one in flight with its fingerprint if there is a store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const bob = await bench.online('bob');
    const outcomes = [1, 2].map(() => track(bench.server.send('bob', 'hello', { fingerprint: 'fp-1' })));
    await bench.settle();
    expect(bob.received).toHaveLength(1);
    expect(outcomes.map(({ state }) => state)).toEqual(['stored', 'stored']);
    bob.write(acknowledgement('bob', '0', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
  });
});

describe('a message of the server is rejected', () => {
  it('as undeliverable when the user is not online and there is no store', async () => {
    const bench = await openBench();
    const outcome = bench.server.send('bob', 'hello');
    await expect(outcome).rejects.toBeInstanceOf(DeliveryError);
    await expect(outcome).rejects.toMatchObject({
      code: 'ERR_UNDELIVERABLE',
      message: 'user bob is not online and there is no store',
    });
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline', message: { from: '0' } }]);
  });

  it('as undeliverable without a call of onUndeliverable', async () => {
    let asked = 0;
    const bench = await openBench({
      hooks: {
        onUndeliverable: () => {
          asked += 1;
          return true;
        },
      },
    });
    await expect(bench.server.send('bob', 'hello')).rejects.toMatchObject({ code: 'ERR_UNDELIVERABLE' });
    expect(asked).toBe(0);
  });

  it('as undeliverable when the session ends before it has acknowledged', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    const outcome = track(bench.server.send('bob', 'hello'));
    bob.leave();
    await bench.settle();
    expect(outcome.error).toMatchObject({ code: 'ERR_UNDELIVERABLE' });
  });

  it('as undeliverable when the store fails', async () => {
    const store = new ControlledStore();
    store.failures.append = new StoreError('ERR_STORE_FAILED', 'disk full');
    const bench = await openBench({ store });
    await expect(bench.server.send('bob', 'hello')).rejects.toMatchObject({
      code: 'ERR_UNDELIVERABLE',
      message: 'the store failed to store the message to user bob',
    });
  });

  it('as not acknowledged 10 s after it was written to a receiver who does not acknowledge', async () => {
    const bench = await openBench();
    await bench.online('bob');
    const outcome = track(bench.server.send('bob', 'hello'));
    await bench.advance(9999);
    expect(outcome.state).toBe('pending');
    await bench.advance(1);
    expect(outcome.error).toMatchObject({
      code: 'ERR_NOT_ACKNOWLEDGED',
      message: 'user bob did not acknowledge any of 2 copies',
    });
    expect(bench.events.lost).toHaveLength(1);
  });

  it('as undeliverable when the receiver has not read for a second and there is no store', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    bob.stopReading();
    await bench.server.send('bob', 'x'.repeat(2000), { qos: false });
    await bench.advance(1000);
    await expect(bench.server.send('bob', 'hello')).rejects.toMatchObject({
      code: 'ERR_UNDELIVERABLE',
      message: 'user bob reads too slowly and there is no store',
    });
    bob.catchUp();
    await expect(bench.server.send('bob', 'hello', { qos: false })).resolves.toBe('written');
  });

  it('as too large when the receiver’s transport cannot carry it and there is no store', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob', 'udp');
    await expect(bench.server.send('bob', 'x'.repeat(2000))).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' });
    expect(bob.received).toEqual([]);
    expect(bench.metric('messagesTooLarge')).toBe(1);
  });

  it('as too large when no transport carries it, even with a store', async () => {
    const bench = await openBench({ store: memoryStore() });
    await expect(bench.server.send('bob', 'x'.repeat(70_000))).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
      message: expect.stringMatching(/^the packet has 70\d{3} bytes, the transports carry at most 65536$/),
    });
    await expect(bench.server.send('bob', 'x'.repeat(60_000))).resolves.toBe('stored');
  });

  it.each(['', '0', '-1', 'x'.repeat(257)])('as a mistake when the user id is %j', async (userId) => {
    const bench = await openBench();
    const outcome = bench.server.send(userId, 'hello');
    await expect(outcome).rejects.toBeInstanceOf(UsageError);
    await expect(outcome).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(bench.metric('messagesFromServer')).toBe(0);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['an object', { text: 'hello' }],
    ['the number 5', 5],
  ])('as invalid when its content is %s', async (type, content) => {
    const bench = await openBench({ store: new ControlledStore() });
    const send = bench.server.send.bind(bench.server) as (
      userId: string,
      content: unknown,
    ) => Promise<unknown>;
    await expect(send('bob', content)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_INVALID_ARGUMENT',
      message: `the content must be a string, got ${type}`,
    });
    expect(bench.metric('messagesFromServer')).toBe(0);
  });

  it.each<[string, SendOptions]>([
    ['a type that is not whole', { type: 1.5 }],
    ['a type of 33 bits', { type: 2_147_483_648 }],
    ['an empty fingerprint', { fingerprint: '' }],
    ['a fingerprint of 257 characters', { fingerprint: 'x'.repeat(257) }],
  ])('as invalid when it has %s', async (_name, options) => {
    const bench = await openBench({ store: new ControlledStore() });
    await expect(bench.server.send('bob', 'hello', options)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_INVALID_ARGUMENT',
    });
  });

  it('before the server listens', async () => {
    const { server } = new Bench({});
    await expect(server.send('bob', 'hello')).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_NOT_LISTENING',
    });
  });

  it('once the server is closed', async () => {
    const bench = await openBench();
    await bench.close(0);
    await expect(bench.server.send('bob', 'hello')).rejects.toMatchObject({
      name: 'DeliveryError',
      code: 'ERR_SERVER_CLOSED',
    });
  });
});

describe('messages of the server and of users', () => {
  it('keep their order on the way to one user', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    void bench.server.send('bob', 'one');
    alice.write(message('alice', 'bob', 'two', 'fp-1'));
    void bench.server.send('bob', 'three', { qos: false });
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['one', 'two', 'three']);
  });
});
