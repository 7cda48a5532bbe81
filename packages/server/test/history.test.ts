import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message, plainMessage } from './support/wire.js';

async function openWithHistory() {
  const store = new ControlledStore({ historyMs: 60_000 });
  const bench = await openBench({ store });
  return { store, bench, alice: await bench.online('alice'), bob: await bench.online('bob') };
}

describe('a server whose store keeps a history', () => {
  it('returns the messages between two users, newest first, received or not', async () => {
    const { bench, alice, bob } = await openWithHistory();
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'carol', 'else', 'fp-2'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'), message('bob', 'alice', 'two', 'fp-3'));
    alice.write(plainMessage('alice', 'bob', 'without QoS'));
    await bench.settle();
    const history = await bench.server.history({ a: 'bob', b: 'alice' });
    expect(history.map((kept) => kept.message.content)).toEqual(['two', 'one']);
    expect(history[1]).toMatchObject({ message: { from: 'alice', to: 'bob', fingerprint: 'fp-1' } });
  });

  it('returns pages', async () => {
    const { bench, alice } = await openWithHistory();
    for (let i = 1; i <= 5; i++) alice.write(message('alice', 'bob', `${i}`, `fp-${i}`));
    await bench.settle();
    const ask = { a: 'alice', b: 'bob', limit: 2 };
    const first = await bench.server.history(ask);
    const second = await bench.server.history({ ...ask, before: first.at(-1)?.id });
    expect([...first, ...second].map((kept) => kept.message.content)).toEqual(['5', '4', '3', '2']);
  });

  it('stores a message when it comes, and writes it to its receiver at the same time', async () => {
    const { store, alice, bob } = await openWithHistory();
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toMatchObject([{ fp: 'fp-1' }]);
    await Promise.resolve();
    expect(store.calls.append).toBe(1);
  });

  it('acknowledges a sender after the store has the message, even if the receiver was faster', async () => {
    const { store, bench, alice, bob } = await openWithHistory();
    store.hold('append');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(await store.waiting('bob')).toEqual([]);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('acknowledges a message that was received although the store fails', async () => {
    const { store, bench, alice, bob } = await openWithHistory();
    store.hold('append');
    store.failures.append = new Error('disk full');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    store.release('append');
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bench.events.error).toMatchObject([{ message: 'disk full' }]);
  });

  it('writes one copy to a receiver who acknowledges, and keeps the order', async () => {
    const { store, bench, alice, bob } = await openWithHistory();
    for (let i = 1; i <= 50; i++) alice.write(message('alice', 'bob', `${i}`, `fp-${i}`));
    await bench.settle();
    for (let i = 1; i <= 50; i++) bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
    await bench.advance(10_000);
    expect(bob.received.map(({ fp }) => fp)).toEqual(Array.from({ length: 50 }, (_, i) => `fp-${i + 1}`));
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('rejects if the store keeps no history, and if there is no store', async () => {
    const query = { a: 'alice', b: 'bob' };
    const without = await openBench({ store: new ControlledStore() });
    await expect(without.server.history(query)).rejects.toMatchObject({ code: 'ERR_NO_HISTORY' });
    await expect((await openBench()).server.history(query)).rejects.toMatchObject({ code: 'ERR_NO_STORE' });
  });
});
