import { expect } from 'vitest';
import { StoreError } from '../../../src/errors.js';
import { START_TIME } from '../bench.js';
import { ControlledStore } from '../controlled-store.js';
import { acknowledgement, message, plainMessage } from '../wire.js';
import {
  expectAcknowledged,
  expectBobGets,
  expectSilence,
  HELLO,
  messagesTo,
  open,
  openWithoutStore,
  RECEIVED,
  type Scenario,
} from './stage.js';

const broken = new StoreError('ERR_STORE_FAILED', 'disk full');
const SECOND = message('alice', 'bob', 'again', 'fp-2');

/** Stores that are slow, fail or are full; servers without one; hooks that do not answer. */
export const STORES_AND_HOOKS: Readonly<Record<string, Scenario>> = {
  async 'store-slow'() {
    const { store, bench, alice } = await open();
    store.hold('append');
    alice.write(HELLO);
    await bench.advance(4000);
    expectSilence(alice);
    store.release('append');
    await bench.settle();
    expectAcknowledged(alice);
  },

  async 'store-fails'() {
    const { store, bench, alice } = await open();
    store.failures.append = broken;
    alice.write(HELLO);
    await bench.settle();
    expectSilence(alice);
    expect(bench.events.error).toEqual([broken]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store' }]);
    expect(bench.metric('storeFailures')).toBe(1);
    store.failures.append = undefined;
    alice.write(HELLO);
    await bench.settle();
    expectAcknowledged(alice);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'store-unreadable'() {
    const { store, bench, alice } = await open();
    alice.write(HELLO);
    await bench.settle();
    store.failures.take = broken;
    const bob = await bench.online('bob');
    alice.write(SECOND);
    await bench.settle();
    expect(messagesTo(bob)).toEqual([]);
    expect(bench.events.error[0]).toBe(broken);
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(messagesTo(bob)).toEqual(['fp-1', 'fp-2']);
  },

  async 'store-silent'() {
    const { store, bench, alice } = await open();
    store.hold('append');
    alice.write(HELLO);
    await bench.advance(10_000);
    expectSilence(alice);
    expect(bench.events.error).toMatchObject([{ code: 'ERR_STORE_TIMED_OUT' }]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store' }]);
    expect(bench.metric('storeTimeouts')).toBe(1);
    store.release('append');
    await bench.settle();
    alice.write(HELLO);
    await bench.settle();
    expectAcknowledged(alice);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'store-silent-at-login'() {
    const { store, bench, alice } = await open();
    alice.write(HELLO);
    await bench.settle();
    alice.takeReceived();
    store.hold('take');
    const bob = await bench.online('bob');
    alice.write(SECOND);
    await bench.advance(1999);
    expect(messagesTo(bob)).toEqual([]);
    await bench.advance(1);
    expect(messagesTo(bob)).toEqual(['fp-2']);
    expect(bench.events.replayDelayed).toEqual([{ userId: 'bob', waitedMs: 2000 }]);
    expect(bench.metric('replaysDelayed')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-2' }]);
    store.release('take');
    await bench.settle();
    expect(messagesTo(bob)).toEqual(['fp-2', 'fp-1']);
  },

  async 'confirmation-fails'() {
    const { store, bench, alice } = await open();
    alice.write(HELLO);
    await bench.settle();
    store.failures.confirm = broken;
    const bob = await expectBobGets(bench, ['fp-1']);
    bob.write(RECEIVED);
    await bench.settle();
    expect(bench.events.error).toEqual([broken]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    await expectBobGets(bench, []);
    store.failures.confirm = undefined;
    await bench.advance(1000);
    expect(await store.waiting('bob')).toEqual([]);
    expectAcknowledged(alice);
  },

  async 'queue-full'() {
    const { bench, alice } = await open({ store: new ControlledStore({ maxPerUser: 1 }) });
    alice.write(HELLO, SECOND);
    await bench.settle();
    expectAcknowledged(alice);
    expect(bench.events.queueFull).toMatchObject([
      { userId: 'bob', limit: 'maxPerUser', message: { fingerprint: 'fp-2' } },
    ]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'queue-full' }]);
    expect(bench.metric('limitQueue')).toBe(1);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'store-full'() {
    const { bench, alice } = await open({ store: new ControlledStore({ maxTotalBytes: 1000 }) });
    alice.write(HELLO, SECOND);
    await bench.settle();
    expectAcknowledged(alice);
    expect(bench.events.queueFull).toMatchObject([
      { userId: 'bob', limit: 'maxTotalBytes', message: { fingerprint: 'fp-2' } },
    ]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store-full' }]);
    expect(bench.metric('limitStore')).toBe(1);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'queue-full-drop-oldest'() {
    const store = new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' });
    const { bench, alice } = await open({ store });
    alice.write(HELLO, SECOND);
    await bench.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
    expect(bench.events.displaced).toMatchObject([{ message: { fingerprint: 'fp-1' } }]);
    expect(await bench.server.deadLetters.list()).toMatchObject([{ cause: 'displaced' }]);
    await expectBobGets(bench, ['fp-2']);
  },

  async 'message-expires'() {
    const store = new ControlledStore({ maxAgeMs: 30_000, wallTime: () => START_TIME });
    const { bench, alice } = await open({ store });
    alice.write(HELLO);
    await bench.settle();
    expectAcknowledged(alice);
    await bench.advance(5 * 60_000);
    expect(bench.events.expired).toMatchObject([{ message: { fingerprint: 'fp-1' } }]);
    expect(await bench.server.deadLetters.list()).toMatchObject([{ cause: 'expired' }]);
    await expectBobGets(bench, []);
  },

  async 'dead-letter-resent'() {
    const store = new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' });
    const { bench, alice } = await open({ store });
    alice.write(HELLO, SECOND);
    await bench.settle();
    const bob = await expectBobGets(bench, ['fp-2']);
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    const { deadLetters } = bench.server;
    expect(await deadLetters.resend(await deadLetters.list())).toBe(1);
    await bench.settle();
    expect(messagesTo(bob)).toEqual(['fp-2', 'fp-1']);
    expect(bench.metric('messagesReplayed')).toBe(2);
  },

  async 'hook-never-answers'() {
    const asked: string[] = [];
    const authorizeMessage = ({ content }: { content: string }): boolean | Promise<boolean> =>
      asked.push(content) > 1 || new Promise<boolean>(() => {});
    const { bench, alice } = await open({ hooks: { authorizeMessage }, hookTimeoutMs: 2000 });
    const bob = await bench.online('bob');
    alice.write(HELLO);
    await bench.advance(2000);
    expectSilence(alice);
    expectSilence(bob);
    expect(bench.events.error).toMatchObject([{ code: 'ERR_HOOK_TIMED_OUT' }]);
    expect(bench.events.rejected).toMatchObject([{ reason: 'not-authorized' }]);
    expect(bench.metric('hookTimeouts')).toBe(1);
    alice.write(HELLO);
    expect(asked).toHaveLength(2);
    expect(messagesTo(bob)).toEqual(['fp-1']);
  },

  async 'without-qos'() {
    const { bench, alice } = await open();
    alice.write(plainMessage('alice', 'bob', 'now or never'));
    await bench.settle();
    expectSilence(alice);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
    await expectBobGets(bench, []);
  },

  async 'no-store-offline'() {
    const { bench, alice } = await openWithoutStore();
    alice.write(HELLO);
    expectSilence(alice);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
    const taking = await openWithoutStore({ hooks: { onUndeliverable: () => true } });
    taking.alice.write(HELLO);
    expectAcknowledged(taking.alice);
  },

  async 'no-store-silent'() {
    const { bench, alice } = await openWithoutStore();
    const bob = await bench.online('bob');
    alice.write(HELLO);
    await bench.advance(10_000);
    expectSilence(alice);
    expect(messagesTo(bob)).toEqual(['fp-1', 'fp-1']);
    expect(bench.events.lost).toMatchObject([{ userId: 'bob' }]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'not-acknowledged' }]);
  },
};
