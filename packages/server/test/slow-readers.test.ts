import { describe, expect, it } from 'vitest';
import { type Bench, openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { type Peer, SLOW_BYTES } from './support/peer-transport.js';
import { acknowledgement, keepAlive, message, plainMessage } from './support/wire.js';

const LONG = 'x'.repeat(SLOW_BYTES);

/** Has the server write bytes that no other peer waits for. */
function fill(bench: Bench, userId: string, bytes: number): Promise<unknown> {
  return bench.server.send(userId, 'x'.repeat(bytes), { qos: false });
}

async function slowBob(bench: Bench): Promise<Peer> {
  const bob = await bench.online('bob', 'websocket');
  bob.stopReading();
  return bob;
}

describe('a peer that reads slowly', () => {
  it('pauses the senders to it, and no others, until it has caught up', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const carol = await bench.online('carol');
    const bob = await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'));
    expect(alice.isPaused).toBe(true);
    expect(carol.isPaused).toBe(false);
    alice.write(message('alice', 'bob', 'next', 'fp-2'));
    bob.catchUp();
    expect(alice.isPaused).toBe(false);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2']);
  });

  it('pauses senders of messages without QoS too', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await slowBob(bench);
    alice.write(plainMessage('alice', 'bob', LONG));
    expect(alice.isPaused).toBe(true);
    bob.catchUp();
    expect(alice.isPaused).toBe(false);
  });

  it('keeps a sender paused until the last of its slow receivers has caught up', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await slowBob(bench);
    const dave = await bench.online('dave', 'websocket');
    dave.stopReading();
    alice.write(message('alice', 'bob', LONG, 'fp-1'), message('alice', 'dave', LONG, 'fp-2'));
    bob.catchUp();
    expect(alice.isPaused).toBe(true);
    dave.catchUp();
    expect(alice.isPaused).toBe(false);
  });

  it('resumes its senders when it disconnects', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'));
    bob.leave();
    await bench.settle();
    expect(alice.isPaused).toBe(false);
  });

  it('resumes its senders when another session replaces it', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'));
    await bench.online('bob');
    expect(alice.isPaused).toBe(false);
  });

  it('can itself be the sender', async () => {
    const bench = await openBench();
    const bob = await slowBob(bench);
    bob.write(message('bob', 'bob', LONG, 'fp-1'));
    expect(bob.isPaused).toBe(true);
    bob.catchUp();
    expect(bob.isPaused).toBe(false);
  });

  it('pauses no sender for longer than a second', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const carol = await bench.online('carol');
    await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'));
    await bench.advance(999);
    expect(alice.isPaused).toBe(true);
    await bench.advance(1);
    expect(alice.isPaused).toBe(false);
    alice.write(message('alice', 'bob', 'to the one who does not read', 'fp-2'));
    alice.write(message('alice', 'carol', 'to another', 'fp-3'));
    expect(alice.isPaused).toBe(false);
    expect(bench.events.undelivered).toMatchObject([
      { reason: 'slow-receiver', message: { fingerprint: 'fp-2' } },
    ]);
    expect(carol.received.map(({ fp }) => fp)).toEqual(['fp-3']);
  });

  it('gets later messages from the store, in order, after a second', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, storeAfterMs: 60_000 });
    const alice = await bench.online('alice');
    await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'));
    await bench.advance(1000);
    alice.write(message('alice', 'bob', 'two', 'fp-2'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2']);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
  });
});

describe('stallTimeoutMs', () => {
  it('closes a peer that reads nothing for that long', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'));
    await bench.advance(4999);
    expect(bob.isClosed).toBe(false);
    await bench.advance(1);
    expect(bob.end).toBe('destroyed');
    expect(alice.isPaused).toBe(false);
    expect(bench.metric('limitStalled')).toBe(1);
    expect(bench.events.limited).toEqual([
      { limit: 'stallTimeoutMs', value: 5000, remoteAddress: '192.0.2.1', userId: 'bob' },
    ]);
    expect(bench.events.offline).toMatchObject([{ userId: 'bob', kickCode: -1 }]);
    await bench.settle();
    expect(bench.metric('sessionsOpen')).toBe(1);
  });

  it('stores what the peer has not acknowledged', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, storeAfterMs: 60_000 });
    const alice = await bench.online('alice');
    await slowBob(bench);
    alice.write(message('alice', 'bob', LONG, 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    await bench.advance(5000);
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2']);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
  });

  it('does not close a peer that reads anything', async () => {
    const bench = await openBench();
    const bob = await slowBob(bench);
    await fill(bench, 'bob', SLOW_BYTES);
    for (let i = 0; i < 3; i++) {
      await bench.advance(4999);
      bob.takeBytes(1);
      bob.write(keepAlive('bob'));
      await bench.advance(1);
    }
    expect(bob.isClosed).toBe(false);
    await bench.advance(5000);
    expect(bob.end).toBe('destroyed');
  });

  it('does not close a peer that reads while more is written to it', async () => {
    const bench = await openBench();
    const bob = await slowBob(bench);
    await fill(bench, 'bob', SLOW_BYTES);
    await bench.advance(500);
    bob.takeBytes(500);
    await fill(bench, 'bob', 2000);
    await bench.advance(4500);
    expect(bob.isClosed).toBe(false);
    await bench.advance(4999);
    expect(bob.isClosed).toBe(false);
    await bench.advance(1);
    expect(bob.end).toBe('destroyed');
  });

  it('closes a peer that reads nothing although more is written to it', async () => {
    const bench = await openBench();
    const bob = await slowBob(bench);
    await fill(bench, 'bob', SLOW_BYTES);
    await bench.advance(500);
    await fill(bench, 'bob', 2000);
    await bench.advance(4500);
    expect(bob.end).toBe('destroyed');
  });

  it('starts again when a peer falls behind again', async () => {
    const bench = await openBench();
    const bob = await slowBob(bench);
    await fill(bench, 'bob', SLOW_BYTES);
    await bench.advance(4000);
    bob.catchUp();
    bob.stopReading();
    await fill(bench, 'bob', SLOW_BYTES);
    await bench.advance(4999);
    expect(bob.isClosed).toBe(false);
    await bench.advance(1);
    expect(bob.isClosed).toBe(true);
  });
});

describe('maxBufferedBytes', () => {
  it('closes a peer at once that reaches it', async () => {
    const bench = await openBench({ limits: { maxBufferedBytes: 5000 } });
    const bob = await slowBob(bench);
    await fill(bench, 'bob', 4000);
    expect(bob.isClosed).toBe(false);
    await fill(bench, 'bob', 1000);
    expect(bob.end).toBe('destroyed');
    expect(bench.metric('limitBufferedBytes')).toBe(1);
    expect(bench.events.limited).toEqual([
      { limit: 'maxBufferedBytes', value: 5000, remoteAddress: '192.0.2.1', userId: 'bob' },
    ]);
    expect(bench.server.isOnline('bob')).toBe(false);
    await bench.settle();
    expect(bench.metric('sessionsOpen')).toBe(0);
  });

  it('applies to echoes before the login', async () => {
    const bench = await openBench({ limits: { maxBufferedBytes: 3000 } });
    const peer = bench.connect();
    peer.stopReading();
    for (let i = 0; i < 4; i++) peer.write(`{"type":5,"dataContent":"${'x'.repeat(900)}"}`);
    expect(peer.end).toBe('destroyed');
    expect(bench.events.limited).toMatchObject([{ limit: 'maxBufferedBytes', userId: undefined }]);
  });

  it('rejects a login whose response exceeds it', async () => {
    const bench = await openBench({ limits: { maxBufferedBytes: 1100 } });
    const peer = bench.connect();
    peer.stopReading();
    peer.write(`{"type":5,"dataContent":"${'x'.repeat(950)}"}`);
    expect(peer.isClosed).toBe(false);
    peer.write('{"type":0,"dataContent":"{\\"loginUserId\\":\\"bob\\"}"}');
    await bench.settle();
    expect(peer.end).toBe('destroyed');
    expect(bench.server.isOnline('bob')).toBe(false);
    expect(bench.server.onlineCount).toBe(0);
    expect(bench.events.online).toHaveLength(bench.events.offline.length);
  });

  it('loses nothing of a user whose replay exceeds it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, limits: { maxBufferedBytes: 3000 } });
    const alice = await bench.online('alice');
    for (let i = 1; i <= 5; i++) alice.write(message('alice', 'bob', 'x'.repeat(900), `fp-${i}`));
    await bench.settle();
    const bob = bench.connect();
    bob.stopReading();
    bob.write('{"type":0,"dataContent":"{\\"loginUserId\\":\\"bob\\"}"}');
    await bench.settle();
    expect(bob.end).toBe('destroyed');
    expect(bench.metric('messagesInFlight')).toBe(0);
    const back = await bench.online('bob');
    expect(back.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2', 'fp-3', 'fp-4', 'fp-5']);
    for (let i = 1; i <= 5; i++) back.write(acknowledgement('bob', 'alice', `fp-${i}`));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
  });
});
