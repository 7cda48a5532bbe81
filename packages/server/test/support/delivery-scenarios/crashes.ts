import { expect } from 'vitest';
import {
  expectAcknowledged,
  expectBobGets,
  expectSilence,
  HELLO,
  killAndStart,
  messagesTo,
  open,
  openWithoutStore,
  RECEIVED,
  type Scenario,
} from './stage.js';

/** Who ends without a word, and when. */
export const CRASHES: Readonly<Record<string, Scenario>> = {
  async 'sender-acknowledgement-lost'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob');
    alice.write(HELLO);
    bob.write(RECEIVED);
    alice.takeReceived();
    alice.write(HELLO);
    expectAcknowledged(alice);
    expect(messagesTo(bob)).toEqual(['fp-1']);
    expect(bench.metric('messagesDuplicate')).toBe(1);
  },

  async 'sender-crashes'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob');
    alice.write(HELLO);
    alice.leave();
    await bench.settle();
    bob.write(RECEIVED);
    const again = await bench.online('alice');
    again.write(HELLO);
    expectAcknowledged(again);
    await bench.advance(10_000);
    expect(messagesTo(bob)).toEqual(['fp-1']);
    expect(bench.metric('messagesDuplicate')).toBe(1);
  },

  async 'server-crashes-before-stored'() {
    const { store, bench, alice } = await open();
    store.hold('append');
    alice.write(HELLO);
    await bench.settle();
    expectSilence(alice);
    store.forget('append');
    const next = await killAndStart(store);
    next.alice.write(HELLO);
    await next.bench.settle();
    expectAcknowledged(next.alice);
    await expectBobGets(next.bench, ['fp-1']);
  },

  async 'server-crashes-after-stored'() {
    const { store, bench, alice } = await open();
    store.holdAnswers('append');
    alice.write(HELLO);
    await bench.settle();
    expectSilence(alice);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    store.forget('append');
    const next = await killAndStart(store);
    next.alice.write(HELLO);
    await next.bench.settle();
    expectAcknowledged(next.alice);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    await expectBobGets(next.bench, ['fp-1']);
  },

  async 'server-crashes-before-confirmed'() {
    const { store, bench, alice } = await open();
    alice.write(HELLO);
    await bench.settle();
    expectAcknowledged(alice);
    store.hold('confirm');
    const bob = await expectBobGets(bench, ['fp-1']);
    bob.write(RECEIVED);
    await bench.settle();
    store.forget('confirm');
    const next = await killAndStart(store);
    const back = await expectBobGets(next.bench, ['fp-1']);
    expect(next.bench.metric('messagesReplayed')).toBe(1);
    back.write(RECEIVED);
    await next.bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
    expectSilence(next.alice);
  },

  async 'server-closes'() {
    const { store, bench, alice } = await open();
    await bench.online('bob');
    alice.write(HELLO);
    await bench.close(100);
    expectAcknowledged(alice);
    expect(bench.events.stored).toHaveLength(1);
    expect(store.closedWith['bob']).toEqual(['fp-1']);
  },

  async 'no-store-crash'() {
    const { bench, alice } = await openWithoutStore();
    const first = await bench.online('bob');
    alice.write(HELLO);
    expect(messagesTo(first)).toEqual(['fp-1']);
    expectSilence(alice);
    const next = await openWithoutStore();
    const bob = await next.bench.online('bob');
    next.alice.write(HELLO);
    expect(messagesTo(bob)).toEqual(['fp-1']);
    bob.write(RECEIVED);
    expectAcknowledged(next.alice);
  },
};
