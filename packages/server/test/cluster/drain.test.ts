import { describe, expect, it } from 'vitest';
import type { Bench } from '../support/bench.js';
import type { Peer } from '../support/peer-transport.js';
import { acknowledgement, keepAlive, login, message } from '../support/wire.js';
import { contentsOf, FRAME_MS, Nodes, startTwo } from './nodes.js';

/** How long a draining node serves new users. */
const LAG_MS = 5000;

async function logIn(bench: Bench, count: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (let number = 1; number <= count; number += 1) peers.push(await bench.online(`user-${number}`));
  return peers;
}

const open = (peers: readonly Peer[]): number => peers.filter(({ isClosed }) => !isClosed).length;

describe('drain', () => {
  it('is told to the other nodes at once', async () => {
    const { nodes, a, b } = await startTwo();
    void b.server.cluster?.drain();
    await nodes.advance(FRAME_MS);
    expect(b.server.cluster?.state).toBe('draining');
    expect(a.server.cluster?.state).toBe('up');
    expect(a.server.cluster?.nodes()).toMatchObject([{ nodeId: 'b', state: 'draining' }]);
  });

  it('lets new users in for 5 s, and then no longer', async () => {
    const { nodes, b } = await startTwo();
    await b.online('alice');
    void b.server.cluster?.drain({ perSecond: 1 });
    await nodes.advance(LAG_MS - 1);
    await b.online('bob');
    expect(b.transports.tcp.calls).toEqual(['listen']);
    await nodes.advance(1);
    expect(b.transports.tcp.calls).toEqual(['listen', 'stopListening']);
    expect(b.connect().rejection).toBe('closing');
    const late = b.connect('udp');
    late.write(login('carol'));
    await nodes.advance(FRAME_MS);
    expect(late.received).toEqual([]);
    expect(b.server.isOnline('carol')).toBe(false);
  });

  it('closes connections that have not logged in after 5 s, also while authenticate is asked', async () => {
    const answers: (() => void)[] = [];
    const authenticate = () =>
      new Promise<{ accept: true }>((resolve) => answers.push(() => resolve({ accept: true })));
    const { nodes, b } = await startTwo({ hooks: { authenticate } });
    const [user, silent, asked] = [b.connect(), b.connect(), b.connect()];
    user.write(login('alice'));
    answers[0]?.();
    await b.settle();
    void b.server.cluster?.drain({ perSecond: 1 });
    await nodes.advance(LAG_MS - 1);
    asked.write(login('bob'));
    expect([user, silent, asked].map(({ end }) => end)).toEqual(['open', 'open', 'open']);
    await nodes.advance(1);
    answers[1]?.();
    silent.write(login('carol'));
    await nodes.advance(FRAME_MS);
    expect([user, silent, asked].map(({ end }) => end)).toEqual(['open', 'closed', 'closed']);
    expect([...silent.received, ...asked.received]).toEqual([]);
    expect(b.server.onlineCount).toBe(1);
  });

  it('ends no session within the first 5 s, and then the oldest first, spread over each second', async () => {
    const { nodes, b } = await startTwo();
    const peers = await logIn(b, 60);
    void b.server.cluster?.drain({ perSecond: 20 });
    await nodes.advance(LAG_MS);
    expect(open(peers)).toBe(60);
    await nodes.advance(500);
    expect(open(peers)).toBe(50);
    expect(peers.slice(0, 10).every(({ isClosed }) => isClosed)).toBe(true);
    await nodes.advance(1000);
    expect(open(peers)).toBe(30);
  });

  it('closes connections without a kick-out, and resolves when all sessions have ended', async () => {
    const { nodes, b } = await startTwo();
    const peers = await logIn(b, 10);
    let isDone = false;
    const draining = b.server.cluster?.drain({ perSecond: 10 }).then(() => {
      isDone = true;
    });
    await nodes.advance(LAG_MS + 900);
    expect(isDone).toBe(false);
    await nodes.advance(200);
    await draining;
    expect(open(peers)).toBe(0);
    expect(peers.flatMap(({ received }) => received)).toEqual([]);
  });

  it('answers keep-alives of UDP clients that it has ended with error 301', async () => {
    const { nodes, b } = await startTwo();
    await b.online('alice', 'udp');
    void b.server.cluster?.drain({ perSecond: 100 });
    await nodes.advance(LAG_MS + 1000);
    const same = b.connect('udp');
    same.write(keepAlive('alice'));
    await nodes.advance(FRAME_MS);
    expect(same.received).toMatchObject([{ type: 52, dataContent: '{"errorCode":301}' }]);
  });

  it('prefers sessions without a message under way', async () => {
    const { nodes, b } = await startTwo();
    const [first, second, third] = await logIn(b, 3);
    const bob = await b.online('bob');
    void b.server.cluster?.drain({ perSecond: 1 });
    await nodes.advance(LAG_MS + 900);
    bob.write(message('bob', 'user-1', 'one more', 'f1'));
    await nodes.advance(110);
    expect([first, second, third].map((peer) => peer?.isClosed)).toEqual([false, true, false]);
  });

  it('stores what is under way, for the node to which the receiver goes', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await b.online('alice');
    const bob = await b.online('bob', 'tcp');
    void b.server.cluster?.drain({ perSecond: 100 });
    await nodes.advance(LAG_MS - 10);
    alice.write(message('alice', 'bob', 'not acknowledged', 'f1'));
    await nodes.advance(1000);
    expect(bob.isClosed).toBe(true);
    const again = await a.online('bob');
    await nodes.advance(FRAME_MS);
    expect(contentsOf(again)).toEqual(['not acknowledged']);
    again.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 0 });
  });

  it('resolves after withinMs, with the remaining sessions open', async () => {
    const { nodes, b } = await startTwo();
    const peers = await logIn(b, 10);
    const draining = b.server.cluster?.drain({ perSecond: 2, withinMs: 7000 });
    await nodes.advance(7000);
    await draining;
    expect(open(peers)).toBe(6);
    await nodes.advance(5000);
    expect(open(peers)).toBe(6);
  });

  it('does nothing where no other node takes users', async () => {
    const nodes = new Nodes();
    const only = await nodes.start('only');
    const peer = await only.online('alice');
    await only.server.cluster?.drain();
    expect(peer.isClosed).toBe(false);
    expect(only.server.cluster?.state).toBe('up');
  });

  it('ends no more sessions when the other nodes are gone, and goes on when one is back', async () => {
    const { nodes, b } = await startTwo();
    const peers = await logIn(b, 40);
    let isDone = false;
    const draining = b.server.cluster?.drain({ perSecond: 10 }).then(() => {
      isDone = true;
    });
    await nodes.advance(LAG_MS + 1000);
    expect(open(peers)).toBe(30);
    nodes.member('a').crash();
    await nodes.advance(3000);
    const left = open(peers);
    expect(left).toBeGreaterThanOrEqual(5);
    await nodes.advance(5000);
    expect(open(peers)).toBe(left);
    expect(isDone).toBe(false);
    expect(b.metric('clusterDrainWaiting')).toBe(1);
    expect(b.server.cluster?.state).toBe('draining');
    await nodes.start('a');
    await nodes.advance(2000);
    expect(b.metric('clusterDrainWaiting')).toBe(0);
    expect(open(peers)).toBeLessThan(left);
    await nodes.advance(5000);
    await draining;
    expect(open(peers)).toBe(0);
    expect(b.events.drain).toEqual([
      { state: 'started', users: 40 },
      { state: 'waiting', users: left },
      { state: 'resumed', users: left },
      { state: 'ended', users: 0 },
    ]);
  });

  it('keeps its ports open when the other nodes are gone before it closes them', async () => {
    const { nodes, b } = await startTwo();
    await b.online('alice');
    void b.server.cluster?.drain();
    nodes.member('a').crash();
    await nodes.advance(LAG_MS + 3000);
    await b.online('bob');
    expect(b.transports.tcp.calls).toEqual(['listen']);
    await nodes.start('a');
    await nodes.advance(2000);
    expect(b.transports.tcp.calls).toEqual(['listen', 'stopListening']);
    expect(b.server.onlineCount).toBe(0);
  });

  it('waits while all other nodes drain too, until withinMs', async () => {
    const { nodes, a, b } = await startTwo();
    const peers = await logIn(b, 10);
    void a.server.cluster?.drain({ withinMs: 30_000 });
    const draining = b.server.cluster?.drain({ withinMs: 10_000 });
    await nodes.advance(10_000);
    await draining;
    expect(open(peers)).toBe(10);
    expect(b.metric('clusterDrainWaiting')).toBe(0);
  });

  it('is done once, and ends with close()', async () => {
    const { nodes, b } = await startTwo();
    const peers = await logIn(b, 10);
    const draining = b.server.cluster?.drain({ perSecond: 1 });
    const second = b.server.cluster?.drain({ perSecond: 100 });
    await nodes.advance(LAG_MS + 1000);
    expect(open(peers)).toBe(9);
    const closed = b.server.close({ drainMs: 0 });
    await nodes.advance(FRAME_MS);
    await Promise.all([closed, draining, second]);
    expect(open(peers)).toBe(0);
  });

  it.each([
    [{ perSecond: 0 }, 'perSecond must be a whole number from 1 to 100000, got 0'],
    [{ perSecond: 1.5 }, 'perSecond must be a whole number from 1 to 100000, got 1.5'],
    [{ withinMs: -1 }, 'withinMs must be a whole number from 0 to 3600000, got -1'],
  ])('rejects %o', async (options, text) => {
    const { b } = await startTwo();
    await expect(b.server.cluster?.drain(options)).rejects.toThrow(text);
  });
});
