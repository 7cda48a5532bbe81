import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { openBench, START_TIME } from './support/bench.js';
import { onlineDevice } from './support/log-device.js';
import { login, message } from './support/wire.js';

describe('a kick', () => {
  it('sends the code, ends the session and is in the offline event', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    expect(bench.server.kick('alice', { code: 7, reason: 'maintenance "now"' })).toBe(1);
    expect(alice.received).toEqual([
      {
        bridge: false,
        type: 54,
        dataContent: '{"code":7,"reason":"maintenance \\"now\\""}',
        from: '0',
        to: 'alice',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(alice.end).toBe('closed');
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: 7 }]);
    expect(bench.server.isOnline('alice')).toBe(false);
    expect(bench.metric('kickOuts')).toBe(1);
  });

  it('by a listener for the end of another session is not repeated', async () => {
    const bench = await openBench({ store: memoryStore() });
    const { peer: phone } = await onlineDevice(bench, 'alice', 'phone');
    const { peer: desktop } = await onlineDevice(bench, 'alice', 'desktop');
    bench.server.on('sessionEnded', ({ session }) => void bench.server.kick(session.userId));
    bench.server.kick('alice');
    expect([phone.received, desktop.received]).toMatchObject([[{ type: 54 }], [{ type: 54 }]]);
    expect(bench.metric('kickOuts')).toBe(2);
    expect(bench.events.offline).toHaveLength(1);
    expect(bench.server.onlineCount).toBe(0);
  });

  it('by a listener for the end of an earlier login on the same connection leaves no session', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    bench.server.on('sessionEnded', ({ session }) => void bench.server.kick(session.userId));
    alice.write(login('alice'));
    await bench.settle();
    expect(alice.end).toBe('closed');
    expect(bench.events.sessionEnded).toHaveLength(1);
    expect(bench.server.sessions()).toEqual([]);
    expect(bench.server.isOnline('alice')).toBe(false);
  });

  it('by a listener for users who come online leaves no session that started and never ended', async () => {
    const bench = await openBench();
    bench.server.on('online', ({ userId }) => void bench.server.kick(userId));
    const open = new Set<number>();
    bench.server.on('sessionStarted', ({ session }) => open.add(session.sessionId));
    bench.server.on('sessionEnded', ({ session }) => open.delete(session.sessionId));
    bench.connect().write(login('alice'));
    await bench.settle();
    expect(bench.events.offline).toHaveLength(1);
    expect([...open]).toEqual([]);
  });

  it('has the code of an administrator and no reason by default', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice', 'udp');
    bench.server.kick('alice');
    expect(alice.received).toMatchObject([{ type: 54, dataContent: '{"code":2}' }]);
    expect(alice.isClosed).toBe(true);
    expect(bench.events.offline).toMatchObject([{ kickCode: 2 }]);
  });

  it('of a user who is not online does nothing', async () => {
    const bench = await openBench();
    expect(bench.server.kick('alice')).toBe(0);
    const alice = await bench.online('alice');
    alice.leave();
    await bench.settle();
    expect(bench.server.kick('alice')).toBe(0);
    expect(bench.metric('kickOuts')).toBe(0);
    expect(bench.events.offline).toHaveLength(1);
  });

  it('can be of one session of several', async () => {
    const bench = await openBench({ store: memoryStore() });
    const phone = await bench.online('alice');
    const { peer: tablet } = await onlineDevice(bench, 'alice', 'tablet');
    const [first, second] = bench.server.sessions('alice');
    expect([first?.deviceId, second?.deviceId]).toEqual(['', 'tablet']);
    expect(bench.server.kick('alice', { sessionId: 99 })).toBe(0);
    expect(bench.server.kick('alice', { sessionId: second?.sessionId })).toBe(1);
    expect([phone.isClosed, tablet.isClosed]).toEqual([false, true]);
    expect(bench.server.sessions('alice')).toEqual([first]);
    expect(bench.events.offline).toEqual([]);
    expect(bench.server.kick('alice')).toBe(1);
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: 2 }]);
  });

  it('does not prevent another login', async () => {
    const bench = await openBench();
    await bench.online('alice');
    bench.server.kick('alice');
    await bench.online('alice');
    expect(bench.server.isOnline('alice')).toBe(true);
  });

  it('can be called in a listener of the online event', async () => {
    const bench = await openBench();
    bench.server.on('online', ({ userId }) => void bench.server.kick(userId));
    const alice = bench.connect();
    alice.write('{"type":0,"dataContent":"{\\"loginUserId\\":\\"alice\\"}"}');
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    expect(bench.server.onlineCount).toBe(0);
    expect(bench.metric('sessionsOpen')).toBe(0);
  });
});

describe('who is online', () => {
  it('can be asked for one user, for all users and as a number', async () => {
    const bench = await openBench();
    await bench.online('alice', 'tcp', { remoteAddress: '192.0.2.5' });
    const bob = await bench.online('bob', 'udp', { firstLoginTime: 1234, extra: 'phone' });
    expect(bench.server.isOnline('alice')).toBe(true);
    expect(bench.server.isOnline('carol')).toBe(false);
    expect(bench.server.onlineCount).toBe(2);
    expect(bench.server.sessions()).toEqual([
      {
        sessionId: 1,
        userId: 'alice',
        deviceId: '',
        transport: 'tcp',
        remoteAddress: '192.0.2.5',
        remotePort: 1,
        firstLoginTime: START_TIME,
        extra: undefined,
      },
      {
        sessionId: 2,
        userId: 'bob',
        deviceId: '',
        transport: 'udp',
        remoteAddress: '192.0.2.1',
        remotePort: 1,
        firstLoginTime: 1234,
        extra: 'phone',
      },
    ]);
    bob.leave();
    await bench.settle();
    expect(bench.server.isOnline('bob')).toBe(false);
    expect(bench.server.sessions().map(({ userId }) => userId)).toEqual(['alice']);
    expect(bench.server.onlineCount).toBe(1);
  });
});

describe('listeners', () => {
  it('are not called after they were removed', async () => {
    const bench = await openBench();
    const heard: string[] = [];
    const byFunction = ({ userId }: { userId: string }) => heard.push(`off ${userId}`);
    bench.server.on('online', byFunction);
    const unsubscribe = bench.server.on('online', ({ userId }) => heard.push(userId));
    await bench.online('alice');
    bench.server.off('online', byFunction);
    unsubscribe();
    await bench.online('bob');
    expect(heard).toEqual(['off alice', 'alice']);
  });

  it('that throw affect neither other listeners nor the server', async () => {
    const logged: unknown[] = [];
    const bench = await openBench({
      logger: { debug() {}, info() {}, warn() {}, error: (fields) => logged.push(fields) },
    });
    bench.server.on('online', () => {
      throw new Error('mine');
    });
    const heard: string[] = [];
    bench.server.on('online', ({ userId }) => heard.push(userId));
    await bench.online('alice');
    expect(heard).toEqual(['alice']);
    expect(logged).toMatchObject([{ event: 'online', error: { message: 'mine' } }]);
  });
});

describe('metrics', () => {
  it('are a snapshot', async () => {
    const bench = await openBench();
    const before = bench.server.metrics();
    await bench.online('alice');
    expect(before).toMatchObject({ usersOnline: 0, sessionsOpen: 0, packetsReceived: 0 });
    const after = bench.server.metrics();
    expect(after).toMatchObject({ usersOnline: 1, sessionsOpen: 1, sessionsAccepted: 1, packetsReceived: 1 });
    expect(Object.values(after).every((value) => typeof value === 'number')).toBe(true);
  });

  it('of transports are counted by their names', async () => {
    const bench = await openBench();
    const { host } = bench.transports.udp;
    host.count('datagramsTooLarge');
    host.count('amplificationPrevented');
    host.count('amplificationPrevented');
    host.count('handshakesRejected');
    expect(bench.server.metrics()).toMatchObject({
      datagramsTooLarge: 1,
      amplificationPrevented: 2,
      handshakesRejected: 1,
    });
  });
});

describe('a transport that fails', () => {
  it('is reported in an error event', async () => {
    const bench = await openBench();
    const failure = new Error('EMFILE');
    bench.transports.tcp.host.failed(failure);
    expect(bench.events.error).toEqual([failure]);
  });
});

describe('the server’s time', () => {
  it('is in everything that the server sends if stampServerTime is set', async () => {
    const bench = await openBench({ stampServerTime: true });
    const alice = bench.connect();
    alice.write('{"type":0,"dataContent":"{\\"loginUserId\\":\\"alice\\"}"}');
    await bench.advance(5);
    alice.write('{"type":1,"from":"alice"}', message('alice', '0', 'hello', 'fp-1'));
    alice.write('{"type":5,"dataContent":"echo"}', message('bob', '0', 'spoofed', 'fp-2'));
    void bench.server.send('alice', 'hello', { qos: false });
    alice.write(message('alice', 'alice', 'note', 'fp-3'));
    alice.write('{"type":4,"dataContent":"fp-3","from":"alice","to":"alice"}');
    bench.server.kick('alice');
    expect(alice.received.map(({ type, sm }) => [type, sm])).toEqual([
      [50, START_TIME],
      [51, START_TIME + 5],
      [4, START_TIME + 5],
      [53, START_TIME + 5],
      [52, START_TIME + 5],
      [2, START_TIME + 5],
      [2, START_TIME + 5],
      [4, START_TIME + 5],
      [54, START_TIME + 5],
    ]);
  });

  it('is not in an acknowledgement with a forged time', async () => {
    const bench = await openBench({ stampServerTime: true });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toMatchObject([{ sm: START_TIME }]);
    bob.write('{"type":4,"dataContent":"fp-1","from":"bob","to":"alice","sm":5}');
    expect(alice.received).toMatchObject([{ type: 4, sm: START_TIME }]);
  });

  it('is in no packet by default', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    void bench.server.send('bob', 'hello');
    expect(bob.received).toMatchObject([{ sm: -1 }]);
  });
});
