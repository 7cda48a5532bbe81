import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/ports/cluster.js';
import type { MessageStore, SharedStore } from '../../src/ports/message-store.js';
import { Bench } from '../support/bench.js';
import type { Peer } from '../support/peer-transport.js';
import { acknowledgement, keepAlive, message } from '../support/wire.js';
import { contentsOf, FRAME_MS, Nodes, startTwo } from './nodes.js';

/** Replaces calls of the shared part of a store, each by a function that gets the original one. */
function replaceShared(
  store: MessageStore,
  replace: (own: SharedStore) => Partial<SharedStore>,
): MessageStore {
  const { shared: own } = store;
  if (own === undefined) throw new Error('the store is not shared');
  const value: SharedStore = {
    identity: () => own.identity(),
    whichWait: (places) => own.whichWait(places),
    ...replace(own),
  };
  return Object.defineProperty(store, 'shared', { value });
}

describe('a store that does not answer the sweep of a node', () => {
  it('delays what waits by seconds, not minutes, once it answers again', async () => {
    const nodes = new Nodes();
    let isSilent = false;
    const store = replaceShared(nodes.store.share(), (own) => ({
      whichWait: (places) => (isSilent ? new Promise(() => {}) : own.whichWait(places)),
    }));
    const b = await nodes.start('b', { store });
    const a = await nodes.start('a');
    await nodes.advance(2000);
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    isSilent = true;
    nodes.member('b').goAway();
    await nodes.advance(6000);
    bob.write(keepAlive('bob'));
    alice.write(keepAlive('alice'));
    await nodes.advance(6000);
    isSilent = false;
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(6000);
    bob.write(keepAlive('bob'));
    await nodes.advance(6000);
    expect(contentsOf(bob)).toEqual(['hello']);
  });
});

describe('a bus that throws', () => {
  it('costs the frame, but neither the login nor the events of the user', async () => {
    const nodes = new Nodes();
    const member = nodes.bus.createMember('a');
    let throws = false;
    const cluster: Cluster = {
      ...{ nodeId: 'a', maxFrameBytes: member.maxFrameBytes },
      start: (host) => member.start(host),
      send: (nodeId, frame) => member.send(nodeId, frame),
      broadcast: (frame) => {
        if (throws) throw new Error('the connection is draining');
        return member.broadcast(frame);
      },
      close: () => member.close(),
    };
    const a = await nodes.start('a', { cluster });
    throws = true;
    const alice = await a.online('alice');
    await nodes.advance(FRAME_MS);
    alice.leave();
    await nodes.advance(FRAME_MS);
    expect(a.events.online).toMatchObject([{ userId: 'alice' }]);
    expect(a.events.offline).toMatchObject([{ userId: 'alice' }]);
    expect(a.server.cluster?.whereIs('alice')).toEqual([]);
    expect(a.events.error[0]).toMatchObject({ message: 'the connection is draining' });
  });
});

describe('a server that was closed', () => {
  it('asks other nodes nothing more', async () => {
    const { nodes, a, b } = await startTwo();
    await b.online('bob');
    await nodes.advance(FRAME_MS);
    await a.close(0);
    await expect(a.server.cluster?.kick('bob')).rejects.toMatchObject({ code: 'ERR_CLUSTER_CLOSED' });
    await expect(a.server.cluster?.list('b')).rejects.toMatchObject({ code: 'ERR_CLUSTER_CLOSED' });
  });

  it('does not begin to listen when the store answers after all', async () => {
    const nodes = new Nodes();
    let answer = (_identity: string): void => {};
    const store = replaceShared(nodes.store.share(), () => ({
      identity: () => new Promise((resolve) => (answer = resolve)),
    }));
    const cluster = nodes.bus.createMember('a');
    const bench = new Bench({ store, cluster }, nodes.clock);
    const listening = bench.server.listen();
    await bench.close(0);
    answer('an identity');
    await expect(listening).rejects.toMatchObject({ code: 'ERR_NOT_LISTENING' });
    expect(cluster.broadcast(Uint8Array.of(1))).toBe(false);
  });
});

describe('a dead letter of a user of another node', () => {
  it('is brought at once when it is sent again', async () => {
    const nodes = new Nodes({ maxPerUser: 1, whenFull: 'drop-oldest' });
    const a = await nodes.start('a');
    const b = await nodes.start('b');
    await nodes.advance(2000);
    const alice = await a.online('alice');
    alice.write(message('alice', 'bob', 'first', 'f1'));
    await a.settle();
    alice.write(message('alice', 'bob', 'second', 'f2'));
    await nodes.advance(20_000);
    const bob = await b.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'f2'));
    await nodes.advance(FRAME_MS);
    await a.server.deadLetters.resend(await a.server.deadLetters.list());
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['second', 'first']);
  });
});

describe('the events online and offline of a split cluster', () => {
  it('end with online for all who are, when it has healed', async () => {
    const nodes = new Nodes();
    const servers = [await nodes.start('a'), await nodes.start('b'), await nodes.start('c')];
    await nodes.advance(2000);
    const last = new Map<string, string>();
    for (const { server } of servers) {
      server.on('online', ({ userId }) => last.set(userId, 'online'));
      server.on('offline', ({ userId }) => last.set(userId, 'offline'));
    }
    const peers = new Map<string, Peer>();
    for (const [at, server] of servers.entries())
      for (let n = 0; n < 10; n++) peers.set(`${at}-${n}`, await server.online(`${at}-${n}`));
    const advance = async (ms: number) => {
      for (const [userId, peer] of peers) peer.write(keepAlive(userId));
      await nodes.advance(ms);
    };
    await advance(6000);
    nodes.bus.split(['a'], ['b', 'c']);
    await advance(6000);
    expect([...last.values()]).toContain('offline');
    nodes.bus.heal();
    await advance(6000);
    expect([...last].filter(([, event]) => event === 'offline')).toEqual([]);
  });
});

describe('a message whose sender has left before the hook allowed it', () => {
  it('does not overtake an earlier one that was stored at another node', async () => {
    let allow = (_isAllowed: boolean): void => {};
    const hooks = {
      authorizeMessage: ({ content }: { content: string | undefined }) =>
        content === 'second' ? new Promise<boolean>((resolve) => (allow = resolve)) : true,
    };
    const { nodes, a, b } = await startTwo({ hooks });
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    alice.write(message('alice', 'bob', 'first', 'f1'));
    await a.settle();
    alice.leave();
    const again = await b.online('alice');
    again.write(message('alice', 'bob', 'second', 'f2'));
    await b.settle();
    again.leave();
    allow(true);
    await b.settle();
    expect(contentsOf(bob)).toEqual(['first', 'second']);
  });
});
