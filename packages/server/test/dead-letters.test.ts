import { describe, expect, it } from 'vitest';
import { StoreError } from '../src/errors.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, keepAlive, message } from './support/wire.js';

/** A bench where so many messages to bob and one to carol have been displaced by later ones. */
async function openWithLetters(count: number) {
  const store = new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' });
  const bench = await openBench({ store });
  const alice = await bench.online('alice');
  for (let i = 1; i <= count + 1; i++) alice.write(message('alice', 'bob', `text ${i}`, `fp-${i}`));
  alice.write(message('alice', 'carol', 'one', 'fp-c1'), message('alice', 'carol', 'two', 'fp-c2'));
  await bench.settle();
  return { store, bench, alice, letters: bench.server.deadLetters };
}

function fingerprintsOf(
  letters: readonly { readonly message: { readonly fingerprint: string | undefined } }[],
) {
  return letters.map((letter) => letter.message.fingerprint);
}

describe('dead letters', () => {
  it('are listed oldest first, of all users or of one, page by page', async () => {
    const { letters } = await openWithLetters(3);
    const all = await letters.list();
    expect(fingerprintsOf(all)).toEqual(['fp-1', 'fp-2', 'fp-3', 'fp-c1']);
    expect(fingerprintsOf(await letters.list({ userId: 'carol' }))).toEqual(['fp-c1']);
    expect(fingerprintsOf(await letters.list({ after: all[0]?.id, limit: 2 }))).toEqual(['fp-2', 'fp-3']);
  });

  it('come to a receiver who is online when they are resent, once, and are none any more', async () => {
    const { bench, letters } = await openWithLetters(1);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    bob.takeReceived();
    expect(await letters.resend(await letters.list({ userId: 'bob' }))).toBe(1);
    await bench.settle();
    expect(bob.takeReceived()).toMatchObject([{ type: 2, fp: 'fp-1', from: 'alice', dataContent: 'text 1' }]);
    expect(await letters.list({ userId: 'bob' })).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(20_000);
    expect(bob.received).toEqual([]);
  });

  it('come to a receiver who is online though the store’s answer was lost', async () => {
    const { store, bench, letters } = await openWithLetters(1);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    bob.takeReceived();
    const resend = store.resend;
    store.resend = async (ids, now) => {
      await resend(ids, now);
      throw new StoreError('ERR_STORE_FAILED', 'connection lost');
    };
    await expect(letters.resend(await letters.list({ userId: 'bob' }))).rejects.toThrow('connection lost');
    await bench.settle();
    expect(bob.takeReceived().map(({ fp }) => fp)).toEqual(['fp-1']);
  });

  it('are acknowledged once where they were under way all the time and are resent', async () => {
    const store = new ControlledStore({ maxAgeMs: 2000, wallTime: () => START_TIME });
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'text', 'fp-1'));
    for (let passed = 0; passed < 60_000; passed += 10_000) {
      bob.write(keepAlive('bob'));
      await bench.advance(10_000);
    }
    const letters = await bench.server.deadLetters.list();
    expect(fingerprintsOf(letters)).toEqual(['fp-1']);
    expect(await bench.server.deadLetters.resend(letters)).toBe(1);
    await bench.settle();
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('wait for a receiver who is away when they are resent, and stay where there is no room', async () => {
    const { store, bench, letters } = await openWithLetters(2);
    const list = await letters.list({ userId: 'bob' });
    expect(await letters.resend(list)).toBe(0);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-3'));
    bob.leave();
    await bench.settle();
    expect(await letters.resend(list)).toBe(1);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(fingerprintsOf(await letters.list({ userId: 'bob' }))).toEqual(['fp-2']);
  });

  it('are gone when they are discarded', async () => {
    const { letters } = await openWithLetters(2);
    expect(await letters.discard((await letters.list()).slice(0, 1))).toBe(1);
    expect(fingerprintsOf(await letters.list())).toEqual(['fp-2', 'fp-c1']);
  });

  it('acknowledge a late copy to its sender, and bring it to nobody', async () => {
    const { store, bench } = await openWithLetters(1);
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

  it('that cannot be read are listed by what the store knows beside', async () => {
    const store = new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' });
    const bench = await openBench({ store });
    const common = { to: 'bob', from: 'alice', acceptedAt: 5 };
    await store.append([{ ...common, fingerprint: 'fp-1', body: '{"type":' }]);
    await store.append([{ ...common, fingerprint: 'fp-2', body: 'x' }]);
    const [letter] = await bench.server.deadLetters.list();
    expect(letter?.message).toEqual({
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
    const { letters } = await openWithLetters(1);
    await expect(letters.list({ limit })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('are refused by a server without a store', async () => {
    const { deadLetters } = (await openBench()).server;
    await expect(deadLetters.list()).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
    await expect(deadLetters.resend([])).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
    await expect(deadLetters.discard([])).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
  });
});
