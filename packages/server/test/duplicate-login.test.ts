import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { openBench, START_TIME } from './support/bench.js';
import { acknowledgement, keepAlive, login, message } from './support/wire.js';

describe('a login of a user who is online elsewhere', () => {
  it.each([
    ['sent none', 0],
    ['sent a newer', START_TIME + 1],
  ])(
    'takes the place and has the old session kicked out when its client %s first login time',
    async (_name, sent) => {
      const bench = await openBench();
      const old = await bench.online('alice');
      const fresh = bench.connect('websocket', '192.0.2.2');
      fresh.write(login('alice', { firstLoginTime: sent }));
      expect(old.received).toEqual([
        {
          bridge: false,
          type: 54,
          dataContent: '{"code":1}',
          from: '0',
          to: 'alice',
          QoS: false,
          typeu: -1,
          sm: -1,
        },
      ]);
      expect(old.end).toBe('closed');
      expect(fresh.received).toMatchObject([{ type: 50, to: 'alice' }]);
      expect(bench.events.offline).toEqual([]);
      expect(bench.events.online).toMatchObject([{ userId: 'alice', session: { transport: 'tcp' } }]);
      expect(bench.events.sessionEnded).toMatchObject([
        { session: { userId: 'alice', transport: 'tcp' }, reason: 'replaced', kickCode: 1 },
      ]);
      expect(bench.events.sessionStarted).toMatchObject([
        { session: { transport: 'tcp' } },
        { session: { transport: 'websocket' } },
      ]);
      expect(bench.server.sessions()).toMatchObject([{ userId: 'alice', transport: 'websocket' }]);
      expect(bench.server.onlineCount).toBe(1);
      expect(bench.metric('kickOuts')).toBe(1);
    },
  );

  it('replaces the session without a kick-out when the same client reconnects', async () => {
    const bench = await openBench();
    const old = await bench.online('alice');
    const fresh = bench.connect();
    fresh.write(login('alice', { firstLoginTime: START_TIME }));
    expect(old.received).toEqual([]);
    expect(old.end).toBe('closed');
    expect(fresh.received).toMatchObject([{ type: 50 }]);
    expect(bench.events.offline).toEqual([]);
    expect(bench.events.sessionEnded).toMatchObject([{ reason: 'replaced', kickCode: -1 }]);
    expect(bench.metric('kickOuts')).toBe(0);
    expect(bench.server.onlineCount).toBe(1);
  });

  it('is kicked out itself when it has missed its own kick-out', async () => {
    const bench = await openBench();
    const current = await bench.online('alice', 'tcp', { firstLoginTime: 2000 });
    const stale = bench.connect('tcp', '192.0.2.2');
    stale.write(login('alice', { firstLoginTime: 1000 }));
    expect(stale.received).toMatchObject([
      { type: 50, dataContent: '{"code":0,"firstLoginTime":1000}' },
      { type: 54, dataContent: '{"code":1}', to: 'alice' },
    ]);
    expect(stale.end).toBe('closed');
    expect(current.isClosed).toBe(false);
    expect(current.received).toEqual([]);
    expect(bench.events.online).toHaveLength(1);
    expect(bench.events.offline).toEqual([]);
    expect(bench.server.onlineCount).toBe(1);
    current.write(keepAlive('alice'));
    expect(current.received).toMatchObject([{ type: 51 }]);
  });

  it('gets the messages from then on', async () => {
    const bench = await openBench();
    const old = await bench.online('alice');
    const fresh = await bench.online('alice');
    const bob = await bench.online('bob');
    old.takeReceived();
    bob.write(message('bob', 'alice', 'hello', 'fp-1'));
    expect(fresh.received).toMatchObject([{ type: 2, dataContent: 'hello' }]);
    expect(old.received).toEqual([]);
  });

  it('gets again what the old session has not acknowledged', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    const old = await bench.online('alice');
    bob.write(message('bob', 'alice', 'one', 'fp-1'), message('bob', 'alice', 'two', 'fp-2'));
    old.write(acknowledgement('alice', 'bob', 'fp-1'));
    const fresh = await bench.online('alice');
    expect(fresh.received).toMatchObject([{ type: 2, fp: 'fp-2', from: 'bob', dataContent: 'two' }]);
    fresh.write(acknowledgement('alice', 'bob', 'fp-2'));
    expect(bob.received).toMatchObject([
      { type: 4, dataContent: 'fp-1' },
      { type: 4, dataContent: 'fp-2' },
    ]);
  });

  it('gets it from the store if there is one', async () => {
    const bench = await openBench({ store: memoryStore() });
    const bob = await bench.online('bob');
    const old = await bench.online('alice');
    bob.write(message('bob', 'alice', 'one', 'fp-1'), message('bob', 'alice', 'two', 'fp-2'));
    expect(old.received).toHaveLength(2);
    const fresh = await bench.online('alice');
    expect(fresh.received).toMatchObject([
      { type: 2, fp: 'fp-1' },
      { type: 2, fp: 'fp-2' },
    ]);
    expect(bob.received).toMatchObject([
      { type: 4, dataContent: 'fp-1' },
      { type: 4, dataContent: 'fp-2' },
    ]);
  });

  it('does not get what its transport cannot carry', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    await bench.online('alice', 'tcp');
    bob.write(message('bob', 'alice', 'x'.repeat(2000), 'fp-1'), message('bob', 'alice', 'short', 'fp-2'));
    const fresh = await bench.online('alice', 'udp');
    expect(fresh.received).toMatchObject([{ fp: 'fp-2' }]);
    expect(bench.events.undelivered).toMatchObject([
      { reason: 'too-large', message: { fingerprint: 'fp-1' } },
    ]);
    expect(bench.metric('messagesInFlight')).toBe(1);
  });

  it('makes the server ignore acknowledgements of the old session', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    const old = await bench.online('alice');
    bob.write(message('bob', 'alice', 'one', 'fp-1'));
    await bench.online('alice');
    old.write(acknowledgement('alice', 'bob', 'fp-1'));
    expect(bob.received).toEqual([]);
  });

  it('gets the acknowledgement of what the old session sent', async () => {
    const bench = await openBench();
    const old = await bench.online('alice');
    const bob = await bench.online('bob');
    old.write(message('alice', 'bob', 'hello', 'fp-1'));
    const fresh = await bench.online('alice');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(fresh.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('suppresses duplicates of messages of the old session', async () => {
    const bench = await openBench();
    const old = await bench.online('alice');
    old.write(message('alice', '0', 'hello', 'fp-1'));
    const fresh = await bench.online('alice');
    fresh.write(message('alice', '0', 'hello', 'fp-1'));
    expect(bench.metric('messagesToServer')).toBe(1);
    expect(fresh.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('does not log in a session that the application has not decided about', async () => {
    const verdicts: (() => void)[] = [];
    const bench = await openBench({
      hooks: {
        authenticate: ({ extra }) =>
          extra === 'later'
            ? new Promise((resolve) => verdicts.push(() => resolve({ accept: true })))
            : { accept: true },
      },
    });
    const old = await bench.online('alice');
    old.write(login('alice', { extra: 'later' }));
    const fresh = await bench.online('alice', 'tcp', { firstLoginTime: START_TIME + 1 });
    verdicts[0]?.();
    await bench.settle();
    expect(old.isClosed).toBe(true);
    expect(fresh.isClosed).toBe(false);
    expect(bench.server.onlineCount).toBe(1);
  });
});
