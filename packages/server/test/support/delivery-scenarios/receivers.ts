import { expect } from 'vitest';
import { READ_TIMEOUT_MS } from '../peer-transport.js';
import { acknowledgement, keepAlive, message } from '../wire.js';
import {
  expectAcknowledged,
  expectBobGets,
  expectSilence,
  HELLO,
  messagesTo,
  open,
  RECEIVED,
  type Scenario,
} from './stage.js';

/** What receivers do, and do not. */
export const RECEIVERS: Readonly<Record<string, Scenario>> = {
  async 'receiver-online'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob');
    alice.write(HELLO);
    expectSilence(alice);
    bob.write(RECEIVED);
    expectAcknowledged(alice);
    await bench.advance(10_000);
    expect(messagesTo(bob)).toEqual(['fp-1']);
    expect([bench.events.delivered.length, bench.events.received.length]).toEqual([1, 1]);
  },

  async 'receiver-offline'() {
    const calls: number[] = [];
    const { store, bench, alice } = await open({
      hooks: { onStored: ({ length }) => void calls.push(length) },
    });
    store.hold('append');
    alice.write(HELLO);
    await bench.settle();
    expectSilence(alice);
    store.release('append');
    await bench.advance(200);
    expectAcknowledged(alice);
    expect([bench.events.stored.length, calls]).toEqual([1, [1]]);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'receiver-silent'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob');
    alice.write(HELLO);
    await bench.advance(999);
    expectSilence(alice);
    await bench.advance(1);
    expectAcknowledged(alice);
    await bench.advance(10_000);
    expect(messagesTo(bob)).toEqual(['fp-1', 'fp-1', 'fp-1']);
    await bench.advance(READ_TIMEOUT_MS.tcp);
    expect(bob.isClosed).toBe(true);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'receiver-leaves'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob');
    alice.write(HELLO);
    bob.leave();
    await bench.settle();
    expectAcknowledged(alice);
    expect([bench.events.offline.length, bench.events.stored.length]).toEqual([1, 1]);
    await expectBobGets(bench, ['fp-1']);
  },

  async 'receiver-acknowledgement-lost'() {
    const { store, bench, alice } = await open();
    const bob = await bench.online('bob', 'udp');
    alice.write(HELLO);
    await bench.advance(1000);
    expectAcknowledged(alice);
    await bench.advance(5000);
    expect(messagesTo(bob)).toEqual(['fp-1', 'fp-1']);
    expect(bench.metric('retransmissions')).toBe(1);
    bob.write(RECEIVED);
    await bench.advance(3000);
    expect(messagesTo(bob)).toHaveLength(2);
    expect(await store.waiting('bob')).toEqual([]);
  },

  async 'second-device'() {
    const { bench, alice } = await open();
    const first = await bench.online('bob');
    alice.write(HELLO);
    await expectBobGets(bench, ['fp-1']);
    expectAcknowledged(alice);
    expect(first.received.at(-1)).toMatchObject({ type: 54, dataContent: '{"code":1}' });
    expect(bench.events.offline).toEqual([]);
    expect(bench.events.sessionEnded).toMatchObject([{ reason: 'replaced', kickCode: 1 }]);
    expect(bench.events.stored).toHaveLength(1);
  },

  async 'message-too-large'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob', 'udp');
    alice.write(message('alice', 'bob', 'x'.repeat(1500), 'fp-1'), message('alice', 'bob', 'behind', 'fp-2'));
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    expect(messagesTo(bob)).toEqual(['fp-2']);
    expect(alice.received.map(({ dataContent }) => dataContent)).toContain('fp-1');
    expect(bench.events.tooLarge).toMatchObject([
      { message: { fingerprint: 'fp-1' }, maxBytes: 1024, transport: 'udp' },
    ]);
    expect(bench.events.tooLarge[0]?.bytes).toBeGreaterThan(1500);
    expect(bench.metric('messagesTooLarge')).toBe(1);
    bob.leave();
    await bench.settle();
    await expectBobGets(bench, ['fp-1']);
  },

  async 'receiver-reads-nothing'() {
    const { bench, alice } = await open();
    const bob = await bench.online('bob');
    bob.stopReading();
    alice.write(HELLO, message('alice', 'bob', 'x'.repeat(2000), 'fp-2'));
    await bench.advance(1000);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
    await bench.advance(4000);
    expect(bob.end).toBe('destroyed');
    expect(bench.events.limited).toMatchObject([{ limit: 'stallTimeoutMs', userId: 'bob' }]);
    await expectBobGets(bench, ['fp-1', 'fp-2']);
  },

  async 'receiver-never-acknowledges'() {
    const { store, bench, alice } = await open();
    const bob = await bench.online('bob');
    for (let i = 1; i <= 50; i++) alice.write(message('alice', 'bob', 'hello', `fp-${i}`));
    for (let i = 0; i < 4; i++) {
      await bench.advance(4000);
      for (const [peer, userId] of [
        [alice, 'alice'],
        [bob, 'bob'],
      ] as const)
        peer.write(keepAlive(userId));
    }
    expect(alice.received.filter(({ type }) => type === 4)).toHaveLength(50);
    expect(bench.metric('messagesInFlight')).toBe(16);
    expect(await store.waiting('bob')).toHaveLength(50);
    bob.takeReceived();
    await bench.advance(5000);
    expect(messagesTo(bob)).toEqual(Array.from({ length: 16 }, (_, i) => `fp-${i + 1}`));
  },

  async 'replay-in-progress'() {
    const { bench, alice } = await open();
    for (let i = 1; i <= 20; i++) alice.write(message('alice', 'bob', 'old', `fp-${i}`));
    await bench.settle();
    const bob = await bench.online('bob');
    alice.takeReceived();
    alice.write(message('alice', 'bob', 'new', 'fp-21'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-21' }]);
    expect(messagesTo(bob)).not.toContain('fp-21');
    for (let i = 1; i <= 16; i++) bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
    await bench.settle();
    expect(messagesTo(bob)).toEqual(Array.from({ length: 21 }, (_, i) => `fp-${i + 1}`));
  },
};
