import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/ports/message-store.js';
import { ClusterBench, type ClusterProcess } from './support.js';

const alice = { userId: 'alice', deviceId: '' };

const namesOf = (process: ClusterProcess) => process.node.nodes().map(({ nodeId }) => nodeId);

const kick = { userId: 'alice', deviceId: undefined, code: 2, reason: undefined, upTo: undefined };

describe('a node of a cluster', () => {
  it('knows the sessions of the other nodes, with and without a device', async () => {
    const bench = new ClusterBench();
    const [a, b, c] = await bench.start('a', 'b', 'c');
    a.login(alice);
    b.login({ userId: 'alice', deviceId: 'phone' });
    c.login({ userId: 'bob', deviceId: '' });
    await bench.clock.advanceAsync(30);
    expect(namesOf(a)).toEqual(['b', 'c']);
    expect(a.node.nodesOf('alice')).toEqual(['b']);
    expect([...c.node.nodesOf('alice')].sort()).toEqual(['a', 'b']);
    expect(a.node.onlineCount).toBe(2);
    expect(a.node.nodes()).toMatchObject([
      { nodeId: 'b', users: 1, state: 'up' },
      { nodeId: 'c', users: 1 },
    ]);
    a.logout(alice);
    await bench.clock.advanceAsync(30);
    expect(c.node.nodesOf('alice')).toEqual(['b']);
  });

  it('announces a change at once, and those of the next 20 ms together', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    const before = a.metrics.clusterFramesSent;
    a.login({ userId: 'u0', deviceId: '' });
    expect(a.metrics.clusterFramesSent).toBe(before + 1);
    for (let i = 1; i < 10; i++) a.login({ userId: `u${i}`, deviceId: '' });
    await bench.clock.advanceAsync(19);
    expect(b.node.onlineCount).toBe(1);
    await bench.clock.advanceAsync(2);
    expect(b.node.onlineCount).toBe(10);
    expect(a.metrics.clusterFramesSent).toBe(before + 2);
  });

  it('ends the session that loses of two that were accepted at once', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    const claims = [a.login(alice, 5_000), b.login(alice, 6_000)];
    expect(claims).toMatchObject([{ firstLoginTime: 5000 }, { firstLoginTime: 6000 }]);
    await bench.clock.advanceAsync(30);
    expect([a.sessions.size, b.sessions.size]).toEqual([0, 1]);
    expect(a.node.whereIs('alice')).toMatchObject([{ nodeId: 'b', firstLoginTime: 6000 }]);
  });

  it('gives a first login a later time than the claim that is known, also if its clock is behind', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    const ahead = bench.clock.wallTime() + 3_600_000;
    a.login(alice, ahead);
    await bench.clock.advanceAsync(30);
    expect(b.login(alice)).toMatchObject({ firstLoginTime: ahead + 1 });
    await bench.clock.advanceAsync(30);
    expect([a.sessions.size, b.sessions.size]).toEqual([0, 1]);
  });

  it('gets all sessions of a node whose announcement was lost', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    bench.bus.setConditions({ loss: 1 });
    a.login(alice);
    await bench.clock.advanceAsync(30);
    bench.bus.setConditions({ loss: 0 });
    expect(b.node.onlineCount).toBe(0);
    await bench.clock.advanceAsync(1000);
    expect(b.node.onlineCount).toBe(1);
    expect(b.metrics.clusterGaps).toBe(1);
  });

  it('notices a lost announcement by the next one, before the beat', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    bench.bus.setConditions({ loss: 1 });
    a.login(alice);
    await bench.clock.advanceAsync(30);
    bench.bus.setConditions({ loss: 0 });
    a.login({ userId: 'bob', deviceId: '' });
    await bench.clock.advanceAsync(10);
    expect(b.node.onlineCount).toBe(2);
  });

  it('gets the sessions of a node that was started earlier, in frames of at most maxFrameBytes', async () => {
    const bench = new ClusterBench();
    const [a] = await bench.start('a');
    for (let i = 0; i < 1000; i++) a.login({ userId: `user-${i}`, deviceId: i % 2 === 0 ? '' : 'phone' });
    const [b] = await bench.start('b');
    expect(b.node.onlineCount).toBe(1000);
    expect(b.node.nodes()).toMatchObject([{ users: 1000 }]);
  });

  it('loses a silent node and its sessions after 4 s', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.login(alice);
    await bench.clock.advanceAsync(1000);
    a.crash();
    await bench.clock.advanceAsync(2900);
    expect(namesOf(b)).toEqual(['a']);
    await bench.clock.advanceAsync(1500);
    expect(namesOf(b)).toEqual([]);
    expect(b.node.onlineCount).toBe(0);
    expect(b.calls.slice(-2).map(({ call }) => call)).toEqual(['claimRemoved', 'nodeRemoved']);
  });

  it('loses nobody because it was paused itself', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.login(alice);
    await bench.clock.advanceAsync(1000);
    b.pause();
    await bench.clock.advanceAsync(8000);
    b.resume();
    await bench.clock.advanceAsync(2000);
    expect(b.countOf('nodeRemoved')).toBe(0);
    expect(a.countOf('nodeRemoved')).toBe(1);
    expect(namesOf(a)).toEqual(['b']);
  });

  it('forgets a node at once that leaves, and is not misled by its late frames', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.login(alice);
    await bench.clock.advanceAsync(30);
    // The last announcement and beat overtake nothing, but arrive after the end.
    bench.bus.setConditions({ latencyMs: [40, 40] });
    a.login({ userId: 'bob', deviceId: '' });
    a.node.setState('draining');
    bench.bus.setConditions({ latencyMs: [1, 1] });
    await a.close();
    await bench.clock.advanceAsync(5);
    expect(b.node.onlineCount).toBe(0);
    await bench.clock.advanceAsync(100);
    expect(namesOf(b)).toEqual([]);
    expect(b.countOf('nodeAdded')).toBe(1);
  });

  it('takes a later process of the same name as the successor', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.login(alice);
    await bench.clock.advanceAsync(30);
    a.crash();
    const successor = bench.createProcess('a');
    successor.login({ userId: 'bob', deviceId: '' });
    await successor.start();
    await bench.clock.advanceAsync(30);
    expect(b.node.whereIs('alice')).toEqual([]);
    expect(b.node.nodesOf('bob')).toEqual(['a']);
  });

  it('reports that a later process has its name, and does nothing more', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.login(alice);
    const [other] = await bench.start('a');
    await bench.clock.advanceAsync(2000);
    expect(a.countOf('ERR_CLUSTER_NAME_TAKEN')).toBe(1);
    expect(other.countOf('ERR_CLUSTER_NAME_TAKEN')).toBe(0);
    const sent = a.metrics.clusterFramesSent;
    a.login({ userId: 'bob', deviceId: '' });
    await bench.clock.advanceAsync(5000);
    expect(a.metrics.clusterFramesSent).toBe(sent);
    expect(b.node.onlineCount).toBe(0);
  });

  it('does not join a node with another store, and reports it once', async () => {
    const bench = new ClusterBench();
    const [a] = await bench.start('a');
    const foreign = bench.createProcess('b', 'another store');
    foreign.login(alice);
    await foreign.start();
    await bench.clock.advanceAsync(5000);
    expect(a.countOf('ERR_CLUSTER_OTHER_STORE')).toBe(1);
    expect(namesOf(a)).toEqual([]);
    expect(a.node.onlineCount).toBe(0);
  });

  it('hints each user of a turn once, in one frame', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    const before = a.metrics.clusterFramesSent;
    for (const userId of ['alice', 'bob', 'alice']) a.node.hint('b', userId);
    await bench.clock.advanceAsync(5);
    expect(b.calls.slice(-2).map(({ call }) => call)).toEqual(['hinted alice', 'hinted bob']);
    expect(a.metrics.clusterFramesSent).toBe(before + 1);
  });

  it('sends the messages with the hints, unless a message is not known or too long for a frame', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.node.hint('b', 'alice', entry('alice', 1));
    a.node.hint('b', 'bob', entry('bob', 1));
    a.node.hint('b', 'alice', entry('alice', 2));
    a.node.hint('b', 'bob');
    a.node.hint('b', 'carol', entry('carol', 1, 'x'.repeat(2_000_000)));
    await bench.clock.advanceAsync(5);
    expect(b.calls.slice(-4).map(({ call }) => call)).toEqual([
      ...['hinted alice 1', 'hinted alice 2', 'hinted bob', 'hinted carol'],
    ]);
  });

  it('notices lost hints by the next one, or by the beat', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    const loseHint = async () => {
      bench.bus.setConditions({ loss: 1 });
      a.node.hint('b', 'alice');
      await bench.clock.advanceAsync(5);
      bench.bus.setConditions({ loss: 0 });
    };
    await loseHint();
    a.node.hint('b', 'alice');
    await bench.clock.advanceAsync(5);
    expect(b.countOf('hintsLost')).toBe(1);
    await loseHint();
    expect(b.countOf('hintsLost')).toBe(1);
    await bench.clock.advanceAsync(3000);
    expect(b.countOf('hintsLost')).toBe(2);
  });

  it('kicks users out at other nodes, and asks for a page of their users', async () => {
    const bench = new ClusterBench();
    const [a, b, c] = await bench.start('a', 'b', 'c');
    b.login(alice);
    c.login({ userId: 'alice', deviceId: 'phone' });
    for (const userId of ['bob', 'carol']) b.login({ userId, deviceId: '' });
    await bench.clock.advanceAsync(30);
    const pages = Promise.all([a.node.list('b', '', 2), a.node.list('b', 'bob', 2)]);
    await bench.clock.advanceAsync(5);
    expect(await pages).toEqual([
      { userIds: ['alice', 'bob'], hasMore: true },
      { userIds: ['carol'], hasMore: false },
    ]);
    const kicked = a.node.kick(kick);
    await bench.clock.advanceAsync(50);
    expect(await kicked).toBe(2);
    expect(a.node.whereIs('alice')).toEqual([]);
  });

  it('repeats a request once, and rejects it after 2 s', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    b.login(alice);
    await bench.clock.advanceAsync(30);
    bench.bus.setConditions({ loss: 1 });
    const repeated = a.node.list('b', '', 10);
    const unanswered = a.node.list('b', '', 10).catch(({ code }) => code);
    await bench.clock.advanceAsync(500);
    bench.bus.setConditions({ loss: 0 });
    await bench.clock.advanceAsync(600);
    expect(await repeated).toMatchObject({ userIds: ['alice'] });
    expect(await unanswered).toMatchObject({ userIds: ['alice'] });
    b.crash();
    const lost = a.node.kick(kick).catch(({ code }) => code);
    await bench.clock.advanceAsync(2300);
    expect(await lost).toBe('ERR_NODE_TIMEOUT');
    await expect(a.node.list('z', '', 10)).rejects.toMatchObject({ code: 'ERR_NODE_UNKNOWN' });
  });

  it('joins when the bus comes back, and announces what has changed meanwhile', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.member.goAway();
    a.login(alice);
    await bench.clock.advanceAsync(6000);
    expect([namesOf(a), namesOf(b)]).toEqual([[], []]);
    a.member.comeBack();
    await bench.clock.advanceAsync(20);
    expect([namesOf(a), namesOf(b)]).toEqual([['b'], ['a']]);
    expect(b.node.nodesOf('alice')).toEqual(['a']);
    expect(a.calls.filter(({ call }) => call.startsWith('bus')).map(({ call }) => call)).toEqual([
      ...['busJoined', 'busAway', 'busJoined'],
    ]);
  });

  it('counts garbage, and passes over kinds of later versions', async () => {
    const bench = new ClusterBench();
    const [a] = await bench.start('a');
    const member = bench.bus.createMember('x');
    await member.start({ receive() {}, joined() {}, away() {} });
    const texts = ['', 'x', '\u0001', '\u0001{', '\u0001[]', '\u0001{"kind":"beat","nodeId":"x","life":1}'];
    for (const text of texts) member.broadcast(Buffer.from(text));
    member.broadcast(Buffer.from('\u0001{"kind":"news","nodeId":"x","life":1}'));
    await bench.clock.advanceAsync(5);
    expect(a.metrics.clusterFramesUnreadable).toBe(texts.length);
    expect(a.metrics.clusterFramesReceived).toBe(texts.length + 1);
  });

  it('schedules nothing after close', async () => {
    const bench = new ClusterBench();
    const [a, b] = await bench.start('a', 'b');
    a.login(alice);
    const unanswered = a.node.list('b', '', 1).catch(({ code }) => code);
    await a.close();
    await b.close();
    expect(await unanswered).toBe('ERR_CLUSTER_CLOSED');
    const sent = a.metrics.clusterFramesSent;
    a.node.hint('b', 'alice');
    await bench.clock.advanceAsync(10_000);
    expect(a.metrics.clusterFramesSent).toBe(sent);
    expect(bench.clock.pending).toBe(0);
  });
});

function entry(to: string, position: number, body = 'body'): Entry {
  return {
    to,
    from: 'dave',
    fingerprint: `${position}`,
    body,
    acceptedAt: 0,
    id: position,
    position,
    kind: 'message',
  };
}
