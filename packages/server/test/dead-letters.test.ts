import { describe, expect, it } from 'vitest';
import { StoreError } from '../src/errors.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, keepAlive, message } from './support/wire.js';

/** A bench where so many messages to bob and one to carol have been displaced by later ones. */
async function openWithDeadLetters(count: number) {
  const store = new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' });
  const bench = await openBench({ store });
  const alice = await bench.online('alice');
  for (let i = 1; i <= count + 1; i++) alice.write(message('alice', 'bob', `text ${i}`, `fp-${i}`));
  alice.write(message('alice', 'carol', 'one', 'fp-c1'), message('alice', 'carol', 'two', 'fp-c2'));
  await bench.settle();
  return { store, bench, alice, deadLetters: bench.server.deadLetters };
}

function fingerprintsOf(
  deadLetters: readonly { readonly message: { readonly fingerprint: string | undefined } }[],
) {
  return deadLetters.map((deadLetter) => deadLetter.message.fingerprint);
}

describe('dead letters', () => {
  it('are listed oldest first, of all users or of one, page by page', async () => {
    const { deadLetters } = await openWithDeadLetters(3);
    const all = await deadLetters.list();
    expect(fingerprintsOf(all)).toEqual(['fp-1', 'fp-2', 'fp-3', 'fp-c1']);
    expect(fingerprintsOf(await deadLetters.list({ userId: 'carol' }))).toEqual(['fp-c1']);
    expect(fingerprintsOf(await deadLetters.list({ after: all[0]?.id, limit: 2 }))).toEqual(['fp-2', 'fp-3']);
  });

  it('are delivered once to an online receiver when they are resent, and are removed', async () => {
    const { bench, deadLetters } = await openWithDeadLetters(1);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    bob.takeReceived();
    expect(await deadLetters.resend(await deadLetters.list({ userId: 'bob' }))).toBe(1);
    await bench.settle();
    expect(bob.takeReceived()).toMatchObject([{ type: 2, fp: 'fp-1', from: 'alice', dataContent: 'text 1' }]);
    expect(await deadLetters.list({ userId: 'bob' })).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(20_000);
    expect(bob.received).toEqual([]);
  });

  it('are delivered to an online receiver although the store’s answer was lost', async () => {
    const { store, bench, deadLetters } = await openWithDeadLetters(1);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    bob.takeReceived();
    const resend = store.resend;
    store.resend = async (ids, now) => {
      await resend(ids, now);
      throw new StoreError('ERR_STORE_FAILED', 'connection lost');
    };
    await expect(deadLetters.resend(await deadLetters.list({ userId: 'bob' }))).rejects.toThrow(
      'connection lost',
    );
    await bench.settle();
    expect(bob.takeReceived().map(({ fp }) => fp)).toEqual(['fp-1']);
  });

  it('are acknowledged once if they were still in flight when they were resent', async () => {
    const store = new ControlledStore({ maxAgeMs: 2000, wallTime: () => START_TIME });
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'text', 'fp-1'));
    for (let passed = 0; passed < 5 * 60_000; passed += 10_000) {
      bob.write(keepAlive('bob'));
      await bench.advance(10_000);
    }
    const deadLetters = await bench.server.deadLetters.list();
    expect(fingerprintsOf(deadLetters)).toEqual(['fp-1']);
    expect(await bench.server.deadLetters.resend(deadLetters)).toBe(1);
    await bench.settle();
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('wait for an offline receiver when they are resent, and stay if the queue is full', async () => {
    const { store, bench, deadLetters } = await openWithDeadLetters(2);
    const list = await deadLetters.list({ userId: 'bob' });
    expect(await deadLetters.resend(list)).toBe(0);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-3'));
    bob.leave();
    await bench.settle();
    expect(await deadLetters.resend(list)).toBe(1);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(fingerprintsOf(await deadLetters.list({ userId: 'bob' }))).toEqual(['fp-2']);
  });

  it('are removed when they are discarded', async () => {
    const { deadLetters } = await openWithDeadLetters(2);
    expect(await deadLetters.discard((await deadLetters.list()).slice(0, 1))).toBe(1);
    expect(fingerprintsOf(await deadLetters.list())).toEqual(['fp-2', 'fp-c1']);
  });

  it('are acknowledged again when a late copy comes, which is not delivered', async () => {
    const { store, bench } = await openWithDeadLetters(1);
    const again = await openBench({ store });
    const alice = await again.online('alice');
    const bob = await again.online('bob');
    bob.takeReceived();
    alice.write(message('alice', 'carol', 'one', 'fp-c1'));
    await again.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-c1' }]);
    expect(await store.waiting('carol')).toEqual(['fp-c2']);
    await bench.close(0);
  });

  it('that cannot be decoded are listed without content', async () => {
    const store = new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' });
    const bench = await openBench({ store });
    const common = { to: 'bob', from: 'alice', acceptedAt: 5 };
    await store.append([{ ...common, fingerprint: 'fp-1', body: '{"type":' }]);
    await store.append([{ ...common, fingerprint: 'fp-2', body: 'x' }]);
    const [deadLetter] = await bench.server.deadLetters.list();
    expect(deadLetter?.message).toEqual({
      from: 'alice',
      to: 'bob',
      content: '',
      type: -1,
      fingerprint: 'fp-1',
      qos: true,
      bridged: false,
    });
  });

  it.each([[0], [1001], [1.5]])('are not listed %s at a time', async (limit) => {
    const { deadLetters } = await openWithDeadLetters(1);
    await expect(deadLetters.list({ limit })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('are rejected by a server without a store', async () => {
    const { deadLetters } = (await openBench()).server;
    await expect(deadLetters.list()).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
    await expect(deadLetters.resend([])).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
    await expect(deadLetters.discard([])).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
  });
});
