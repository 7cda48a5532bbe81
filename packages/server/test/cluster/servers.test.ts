import { describe, expect, it } from 'vitest';
import { START_TIME } from '../support/bench.js';
import { acknowledgement, keepAlive, login, logout, message, plainMessage, toBody } from '../support/wire.js';
import { contentsOf, FRAME_MS, Nodes, startTwo } from './nodes.js';

describe('a message to a user of another node', () => {
  it('is stored, acknowledged to its sender, and written to the receiver at once', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await a.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'f1', from: 'bob' }]);
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['hello']);
    expect(b.metric('clusterHintsTaken')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 0 });
    expect(b.events.received).toMatchObject([{ userId: 'bob', from: 'alice', fingerprint: 'f1' }]);
  });

  it('is not a case for onStored', async () => {
    const asked: string[] = [];
    const hooks = {
      onStored: (messages: readonly { content: string | undefined }[]) => {
        for (const { content } of messages) asked.push(content ?? '');
      },
    };
    const { nodes, a, b } = await startTwo({ hooks });
    const alice = await a.online('alice');
    await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    alice.write(message('alice', 'carol', 'are you there?', 'f2'));
    await nodes.advance(1000);
    expect(asked).toEqual(['are you there?']);
  });

  it('arrives when the hint is lost, by the number of hints in the beat', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await a.settle();
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual([]);
    await nodes.advance(2100);
    expect(contentsOf(bob)).toEqual(['hello']);
  });

  it('arrives within 12 s when the hint is lost after a sweep that took long', async () => {
    const nodes = new Nodes();
    const store = nodes.store.share();
    const { identity, whichWait } = store.shared;
    const waits = [8000];
    const slow: typeof whichWait = async (places) => {
      const at = nodes.clock.now() + (waits.shift() ?? 0);
      await new Promise<void>((resolve) => nodes.clock.schedule(at, resolve));
      return whichWait(places);
    };
    Object.assign(store, { shared: { identity, whichWait: slow } });
    const b = await nodes.start('b', { store });
    const bob = await b.online('bob');
    const a = await nodes.start('a');
    await nodes.advance(10_000);
    expect(waits).toEqual([]);
    const alice = await a.online('alice');
    nodes.bus.setConditions({ loss: 1 });
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await a.settle();
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(12_000);
    expect(contentsOf(bob)).toEqual(['hello']);
  });

  it('arrives within two seconds while the bus is away', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.member('b').goAway();
    await nodes.advance(10_000);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(2000);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'f1' }]);
    expect(contentsOf(bob)).toEqual(['hello']);
    expect(b.events.cluster).toMatchObject([{ state: 'joined' }, { state: 'away' }]);
  });

  it('arrives when the node of its sender dies between the append and the hint', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await a.settle();
    nodes.member('a').crash();
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(6000);
    expect(contentsOf(bob)).toEqual(['hello']);
  });

  it('arrives within a minute when nobody hints it, and within seconds for five minutes after the loss of a node', async () => {
    const { nodes, b } = await startTwo();
    const bob = await b.online('bob');
    /** Seconds until a message arrives that a node has stored and not hinted. */
    const stored = async (fingerprint: string): Promise<number> => {
      const body = toBody(message('alice', 'bob', fingerprint, fingerprint));
      const acceptedAt = nodes.clock.wallTime();
      await nodes.store.append([{ to: 'bob', from: 'alice', fingerprint, body, acceptedAt }]);
      return stay(120, () => contentsOf(bob).includes(fingerprint));
    };
    const stay = async (seconds: number, isDone = () => false): Promise<number> => {
      for (let passed = 0; passed < seconds; passed += 1) {
        if (isDone()) return passed;
        if (passed % 5 === 0) bob.write(keepAlive('bob'));
        await nodes.advance(1000);
      }
      return seconds;
    };
    await stay(70);
    expect(await stored('a quiet cluster')).toBeLessThanOrEqual(60);
    nodes.member('a').crash();
    await stay(240);
    expect(await stored('four minutes after a loss')).toBeLessThanOrEqual(2);
    await stay(120);
    expect(await stored('later')).toBeLessThanOrEqual(60);
  });

  it('is not overtaken by a later one of a sender who has moved to the node of the receiver', async () => {
    const { nodes, a, b } = await startTwo();
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
    expect(contentsOf(bob)).toEqual(['first', 'second']);
  });

  it('does not stay stored when the receiver has an earlier copy from its own node', async () => {
    const { nodes, a, b } = await startTwo();
    const bob = await b.online('bob');
    const before = await b.online('alice');
    await nodes.advance(FRAME_MS);
    before.write(message('alice', 'bob', 'hello', 'f1'));
    await b.settle();
    const alice = await a.online('alice');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 1 });
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['hello']);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 0 });
  });

  it('is hinted to a node whose session becomes known after the append', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['hello']);
  });
});

describe('a message without QoS to a user of another node', () => {
  it('is written to the receiver, and not stored', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(plainMessage('alice', 'bob', '你好'), plainMessage('alice', 'bob', 'two'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob).sort()).toEqual(['two', '你好']);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 0 });
    expect(b.events.delivered).toHaveLength(2);
  });

  it('is undeliverable if no frame of the cluster can carry it', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(plainMessage('alice', 'bob', 'x'.repeat(5000)));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual([]);
    expect(a.events.undelivered).toMatchObject([{ reason: 'too-large' }]);
  });

  it('is dropped if the receiver has left meanwhile', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    bob.leave();
    alice.write(plainMessage('alice', 'bob', 'hello'));
    await nodes.advance(FRAME_MS);
    expect(b.events.undelivered).toMatchObject([{ reason: 'offline' }]);
  });
});

describe('a message between two users of one node', () => {
  it('is not stored', async () => {
    const { nodes, b } = await startTwo();
    const alice = await b.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    for (const n of ['1', '2', '3']) {
      alice.write(message('alice', 'bob', n, n));
      await b.settle();
      bob.write(acknowledgement('bob', 'alice', n));
      await b.settle();
    }
    expect(contentsOf(bob)).toEqual(['1', '2', '3']);
    expect(b.metric('messagesStored')).toBe(0);
  });
});

describe('a login of a user who is online at another node', () => {
  it('has the old session kicked out there', async () => {
    const { nodes, a, b } = await startTwo();
    const old = await a.online('alice');
    await nodes.advance(FRAME_MS);
    const fresh = await b.online('alice');
    await nodes.advance(FRAME_MS);
    expect(old.received).toMatchObject([{ type: 54, dataContent: '{"code":1}' }]);
    expect(old.end).toBe('closed');
    expect(fresh.isClosed).toBe(false);
    expect(a.server.cluster?.whereIs('alice')).toEqual([{ nodeId: 'b', deviceId: '' }]);
    expect(b.server.cluster?.whereIs('alice')).toEqual([{ nodeId: 'b', deviceId: '' }]);
  });

  it('replaces the session silently when the same client reconnects', async () => {
    const { nodes, a, b } = await startTwo();
    const old = await a.online('alice');
    const firstLoginTime = a.server.sessions('alice')[0]?.firstLoginTime;
    expect(firstLoginTime).toBeGreaterThanOrEqual(START_TIME);
    await nodes.advance(FRAME_MS);
    const fresh = await b.online('alice', 'tcp', { firstLoginTime: firstLoginTime ?? 0 });
    await nodes.advance(FRAME_MS);
    expect(old.received).toEqual([]);
    expect(old.end).toBe('closed');
    expect(fresh.isClosed).toBe(false);
  });

  it('is kicked out itself when it has missed its own kick-out', async () => {
    const { nodes, a, b } = await startTwo();
    const current = await a.online('alice');
    await nodes.advance(FRAME_MS);
    const stale = b.connect();
    stale.write(login('alice', { firstLoginTime: START_TIME - 5000 }));
    await nodes.advance(FRAME_MS);
    expect(stale.received).toMatchObject([{ type: 50 }, { type: 54, dataContent: '{"code":1}' }]);
    expect(current.isClosed).toBe(false);
  });

  it('kicks out one of two clients that log in at two nodes in the same millisecond', async () => {
    const { nodes, a, b } = await startTwo();
    const peers = [await a.online('alice'), await b.online('alice')];
    await nodes.advance(FRAME_MS);
    const kicked = peers.filter(({ received }) => received.some(({ type }) => type === 54));
    expect(kicked).toHaveLength(1);
    expect(kicked[0]?.received).toMatchObject([{ type: 54, dataContent: '{"code":1}' }]);
  });

  it('is unknown to the other nodes if its connection turns out to be closed, and ends no session there', async () => {
    const { nodes, a, b } = await startTwo();
    const current = await a.online('alice');
    await nodes.advance(FRAME_MS);
    // Sent before the login at the other node, and read late: a busy server reads the end of the connection after the login.
    const stale = b.connect();
    stale.write(login('alice'));
    await nodes.advance(2);
    stale.leave();
    await nodes.advance(FRAME_MS);
    expect(current.received).toEqual([]);
    expect(current.isClosed).toBe(false);
    expect(a.server.cluster?.whereIs('alice')).toEqual([{ nodeId: 'a', deviceId: '' }]);
    expect(b.server.cluster?.whereIs('alice')).toEqual([{ nodeId: 'a', deviceId: '' }]);
  });

  it('is not announced while authenticate takes its time and the connection is closed behind a message', async () => {
    const answers: (() => void)[] = [];
    const authenticate = () =>
      new Promise<{ accept: true }>((resolve) => answers.push(() => resolve({ accept: true })));
    const { nodes, a, b } = await startTwo({ hooks: { authenticate } });
    const stale = b.connect();
    stale.write(login('alice'), keepAlive('alice'), message('alice', 'bob', 'hello', 'f1'));
    const current = a.connect();
    current.write(login('alice'));
    await nodes.advance(1000);
    answers[1]?.();
    await nodes.advance(FRAME_MS);
    answers[0]?.();
    await b.settle();
    // The server did not read from the connection while the hook was asked, and finds its end only now.
    stale.leave();
    await nodes.advance(FRAME_MS);
    expect(current.received).toMatchObject([{ type: 50 }]);
    expect(current.isClosed).toBe(false);
  });

  it('leaves one of two sessions when both log in before they know of each other', async () => {
    const { nodes, a, b } = await startTwo();
    const peers = [await a.online('alice'), await b.online('alice')];
    await nodes.advance(FRAME_MS);
    expect(peers.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
  });
});

describe('the view of the cluster', () => {
  it('knows who is online where, at every node', async () => {
    const { nodes, a, b } = await startTwo();
    await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    for (const { server } of [a, b]) {
      expect(server.isOnline('alice')).toBe(true);
      expect(server.isOnline('bob')).toBe(true);
      expect(server.cluster?.onlineCount).toBe(2);
    }
    expect(a.server.cluster?.nodes()).toMatchObject([{ nodeId: 'b', users: 1, state: 'up' }]);
    bob.write(logout('bob'));
    await nodes.advance(FRAME_MS);
    expect(a.server.isOnline('bob')).toBe(false);
  });

  it('kicks a user out at any node, and lists the users of any node', async () => {
    const { nodes, a, b } = await startTwo();
    const bob = await b.online('bob');
    await b.online('carol');
    await nodes.advance(FRAME_MS);
    const users = a.server.cluster?.list('b');
    await nodes.advance(FRAME_MS);
    expect(await users).toEqual({ userIds: ['bob', 'carol'], hasMore: false });
    const kicked = a.server.cluster?.kick('bob');
    await nodes.advance(FRAME_MS);
    expect(await kicked).toBe(1);
    expect(bob.received).toMatchObject([{ type: 54, dataContent: '{"code":2}' }]);
  });

  it('gives a user who is kicked out at another node the reason, and rejects one that no frame could carry', async () => {
    const { nodes, a, b } = await startTwo();
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    await expect(a.server.cluster?.kick('bob', { reason: '长'.repeat(400) })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
    void a.server.cluster?.kick('bob', { code: 9, reason: '违规 "rules"' });
    await nodes.advance(FRAME_MS);
    expect(bob.received).toMatchObject([{ type: 54, dataContent: '{"code":9,"reason":"违规 \\"rules\\""}' }]);
  });

  it('does not kick out who has logged in after a kick whose frame was lost', async () => {
    const { nodes, a, b } = await startTwo();
    const old = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    const kicked = a.server.cluster?.kick('bob');
    nodes.bus.setConditions({ loss: 0 });
    old.leave();
    const again = await b.online('bob');
    await nodes.advance(1100);
    expect(await kicked).toBe(0);
    expect(again.received).toEqual([]);
    expect(again.isClosed).toBe(false);
  });

  it('repeats a kick whose frame was lost', async () => {
    const { nodes, a, b } = await startTwo();
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    const kicked = a.server.cluster?.kick('bob');
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(1100);
    expect(await kicked).toBe(1);
    expect(bob.received).toMatchObject([{ type: 54, dataContent: '{"code":2}' }]);
  });

  it('forgets the users of a node that died, within 5 s', async () => {
    const { nodes, a, b } = await startTwo();
    await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.member('b').crash();
    await nodes.advance(5000);
    expect(a.server.isOnline('bob')).toBe(false);
    expect(a.events.node).toMatchObject([
      { nodeId: 'b', state: 'added' },
      { nodeId: 'b', state: 'removed' },
    ]);
  });
});

describe('the metrics of a cluster', () => {
  it('count the sessions of all nodes, and how long the quietest node was not heard', async () => {
    const { nodes, a, b } = await startTwo();
    await a.online('alice');
    await b.online('bob');
    await nodes.advance(FRAME_MS);
    expect([a, b].map((bench) => bench.metric('clusterClaims'))).toEqual([2, 2]);
    expect(a.metric('clusterOldestBeatMs')).toBeLessThan(1100);
    nodes.member('b').crash();
    await nodes.advance(3500);
    expect(a.metric('clusterOldestBeatMs')).toBeGreaterThan(2500);
    await nodes.advance(2000);
    expect(a.metric('clusterOldestBeatMs')).toBe(0);
    expect(a.metric('clusterClaims')).toBe(1);
    await a.close(0);
    expect(a.metric('clusterClaims')).toBe(0);
  });

  it('count reads that other nodes have caused, and messages that waited for a read', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    alice.write(message('alice', 'bob', 'the hint is lost', 'f0'));
    await a.settle();
    nodes.bus.setConditions({ loss: 0 });
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['the hint is lost', 'hello']);
    expect([a, b].map((bench) => bench.metric('clusterReadsWoken'))).toEqual([0, 1]);
    expect(b.metric('clusterLooks')).toBe(0);
    const carol = await b.online('carol');
    carol.write(message('carol', 'bob', 'first', 'f2'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['the hint is lost', 'hello', 'first']);
    expect(b.metric('clusterLooks')).toBe(1);
  });
});

describe('the events online and offline', () => {
  it('are emitted by one node for each user, wherever the sessions are', async () => {
    const { nodes, a, b } = await startTwo();
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const peers = [];
    for (const [index, user] of users.entries()) peers.push(await (index % 2 === 0 ? a : b).online(user));
    await nodes.advance(FRAME_MS);
    const online = [...a.events.online, ...b.events.online].map(({ userId }) => userId);
    expect(online.sort()).toEqual([...users].sort());
    expect(a.events.online.length).toBeGreaterThan(0);
    expect(b.events.online.length).toBeGreaterThan(0);
    for (const peer of peers) peer.leave();
    await nodes.advance(FRAME_MS);
    const offline = [...a.events.offline, ...b.events.offline].map(({ userId }) => userId);
    expect(offline.sort()).toEqual([...users].sort());
  });

  it('say nothing of a user who moves to another node', async () => {
    const { nodes, a, b } = await startTwo();
    await a.online('alice');
    await nodes.advance(FRAME_MS);
    await b.online('alice');
    await nodes.advance(FRAME_MS);
    expect([...a.events.online, ...b.events.online]).toHaveLength(1);
    expect([...a.events.offline, ...b.events.offline]).toHaveLength(0);
  });

  it('tell that the users of a node that died are offline', async () => {
    const { nodes, a, b } = await startTwo();
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    for (const user of users) await b.online(user);
    await nodes.advance(FRAME_MS);
    nodes.member('b').crash();
    await nodes.advance(5000);
    expect(a.events.offline.map(({ userId }) => userId).sort()).toEqual([...users].sort());
  });
});

describe('a server with the option cluster', () => {
  it('refuses a store that cannot be shared', async () => {
    const nodes = new Nodes();
    const store = { ...nodes.store, append: nodes.store.append, take: nodes.store.take };
    await expect(nodes.start('a', { store: { ...store, shared: undefined } as never })).rejects.toMatchObject(
      {
        code: 'ERR_INVALID_OPTION',
      },
    );
  });

  it('stops when a later process has its name', async () => {
    const { nodes, a } = await startTwo();
    const alice = await a.online('alice');
    const second = await nodes.start('a');
    await nodes.advance(3000);
    expect(a.events.error).toMatchObject([{ code: 'ERR_CLUSTER_NAME_TAKEN' }]);
    expect(alice.isClosed).toBe(true);
    expect(second.events.error).toEqual([]);
  });
});
