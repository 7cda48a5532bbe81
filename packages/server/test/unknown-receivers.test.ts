import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { UnknownReceivers } from '../src/users/unknown-receivers.js';
import { openBench } from './support/bench.js';
import { keepAlive, message, plainMessage } from './support/wire.js';

const HOUR_MS = 60 * 60 * 1000;
const LIMITS = { limits: { unknownReceiversPerHour: 2 } };

/** The fingerprints that a peer was acknowledged. */
function acknowledged(peer: {
  readonly received: readonly { readonly type: number; readonly dataContent?: string }[];
}) {
  return peer.received.filter(({ type }) => type === 4).map(({ dataContent }) => dataContent);
}

describe('unknownReceiversPerHour', () => {
  it('drops messages to further users who are not known, and accepts others', async () => {
    const bench = await openBench({ ...LIMITS, store: memoryStore() });
    const alice = await bench.online('alice');
    await bench.online('bob');
    alice.write(
      message('alice', 'nobody-1', 'hello', 'fp-1'),
      message('alice', 'nobody-2', 'hello', 'fp-2'),
      message('alice', 'nobody-3', 'hello', 'fp-3'),
      message('alice', 'nobody-1', 'again', 'fp-4'),
    );
    await bench.settle();
    expect(acknowledged(alice)).toEqual(['fp-1', 'fp-2', 'fp-4']);
    expect(bench.events.limited).toMatchObject([
      { limit: 'unknownReceiversPerHour', value: 2, userId: 'alice', remoteAddress: '192.0.2.1' },
    ]);
    expect(bench.metric('limitUnknownReceivers')).toBe(1);
    alice.write(message('alice', 'bob', 'hello', 'fp-5'));
    expect(bench.metric('messagesInFlight')).toBe(1);
  });

  it('accepts the copy of a dropped message when the hour is over', async () => {
    const bench = await openBench({ ...LIMITS, store: memoryStore() });
    const alice = await bench.online('alice');
    for (const name of ['1', '2', '3'])
      alice.write(message('alice', `nobody-${name}`, 'hello', `fp-${name}`));
    for (let ms = 0; ms < HOUR_MS; ms += 10_000) {
      await bench.advance(10_000);
      alice.write(keepAlive('alice'));
    }
    alice.write(message('alice', 'nobody-3', 'hello', 'fp-3'));
    await bench.settle();
    expect(acknowledged(alice)).toEqual(['fp-1', 'fp-2', 'fp-3']);
  });

  it('knows users who were online here a moment ago', async () => {
    const bench = await openBench({ limits: { unknownReceiversPerHour: 1 }, store: memoryStore() });
    const alice = await bench.online('alice');
    for (const name of ['bob', 'carol', 'dave']) (await bench.online(name)).leave();
    await bench.settle();
    for (const name of ['bob', 'carol', 'dave']) alice.write(message('alice', name, 'hello', `fp-${name}`));
    await bench.settle();
    expect(acknowledged(alice)).toHaveLength(3);
  });

  it('does not apply to the server, to messages without QoS and without a store', async () => {
    const bench = await openBench({ ...LIMITS, store: memoryStore() });
    const alice = await bench.online('alice');
    for (let number = 0; number < 5; number += 1) {
      expect(await bench.server.send(`nobody-${number}`, 'hello')).toBe('stored');
      alice.write(plainMessage('alice', `nobody-${number}`, 'hello'));
    }
    const without = await openBench(LIMITS);
    const bob = await without.online('bob');
    for (let number = 0; number < 5; number += 1)
      bob.write(message('bob', `nobody-${number}`, 'hello', `fp-${number}`));
    expect([...bench.events.limited, ...without.events.limited]).toEqual([]);
  });
});

describe('UnknownReceivers', () => {
  it('limits each sender separately', () => {
    const receivers = new UnknownReceivers(1);
    expect(receivers.admits('alice', 'x', 0)).toBe(true);
    expect(receivers.admits('alice', 'y', 0)).toBe(false);
    expect(receivers.admits('bob', 'y', 0)).toBe(true);
  });

  it('has no limit from a million on', () => {
    const receivers = new UnknownReceivers(1_000_000);
    expect(receivers.admits('alice', 'x', 0)).toBe(true);
  });

  it('forgets the sender whose hour began first when it remembers too many', () => {
    const receivers = new UnknownReceivers(2, 4);
    for (const sender of ['alice', 'bob', 'carol']) {
      expect(receivers.admits(sender, 'x', 0)).toBe(true);
      expect(receivers.admits(sender, 'y', 0)).toBe(true);
    }
    expect(receivers.admits('carol', 'z', 0)).toBe(false);
    expect(receivers.admits('alice', 'z', 0)).toBe(true);
  });

  it('forgets it also when the hours of all have already begun', () => {
    const receivers = new UnknownReceivers(2, 4);
    for (const sender of ['alice', 'bob', 'carol']) expect(receivers.admits(sender, 'x', 0)).toBe(true);
    for (const sender of ['carol', 'bob']) expect(receivers.admits(sender, 'y', 0)).toBe(true);
    expect(receivers.admits('bob', 'z', 0)).toBe(false);
    for (const name of ['y', 'z']) expect(receivers.admits('alice', name, 0)).toBe(true);
  });
});
