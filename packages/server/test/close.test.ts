import { describe, expect, it } from 'vitest';
import { Bench, openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { RecordingRoute } from './support/recording-route.js';
import { acknowledgement, keepAlive, login, message } from './support/wire.js';

describe('a server that closes', () => {
  it('ends every session and emits the events', async () => {
    const bench = await openBench();
    const peers = [
      await bench.online('alice', 'tcp'),
      await bench.online('bob', 'udp'),
      bench.connect('websocket'),
    ];
    await bench.close(0);
    expect(peers.map(({ end }) => end)).toEqual(['closed', 'closed', 'closed']);
    expect(bench.events.offline).toMatchObject([
      { userId: 'alice', kickCode: -1 },
      { userId: 'bob', kickCode: -1 },
    ]);
    expect(bench.server.metrics()).toMatchObject({ sessionsOpen: 0, usersOnline: 0 });
    expect(bench.server.sessions()).toEqual([]);
  });

  it('waits for pending acknowledgements, up to drainMs', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(400);
    expect(bob.isClosed).toBe(false);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    await bench.advance(10);
    await closed;
    expect(bob.isClosed).toBe(true);
    expect(bench.events.undelivered).toEqual([]);
  });

  it('waits no longer than drainMs', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(499);
    expect(bob.isClosed).toBe(false);
    await bench.advance(1);
    await closed;
    expect(bob.isClosed).toBe(true);
  });

  it('waits a second by default', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    const closed = bench.server.close();
    await bench.advance(999);
    expect(bob.isClosed).toBe(false);
    await bench.advance(1);
    await closed;
  });

  it('does not wait if no acknowledgement is pending', async () => {
    const bench = await openBench();
    await bench.online('alice');
    await bench.server.close({ drainMs: 60_000 });
    expect(bench.server.onlineCount).toBe(0);
  });

  it('accepts no connections, logins or messages while it waits', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const carol = bench.connect();
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(100);
    expect(bench.transports.tcp.calls).toEqual(['listen', 'stopAccepting']);
    expect(bench.connect().rejection).toBe('closing');
    carol.write(login('carol'));
    alice.write(message('alice', 'bob', 'too late', 'fp-2'), message('alice', '0', 'too late', 'fp-3'));
    alice.write(keepAlive('alice'));
    expect(carol.received).toEqual([]);
    expect(bob.received).toHaveLength(1);
    expect(alice.received).toMatchObject([{ type: 51 }]);
    await expect(bench.server.send('bob', 'too late')).rejects.toMatchObject({ code: 'ERR_SERVER_CLOSED' });
    await bench.advance(400);
    await closed;
  });

  it('stores what is still in flight, in order', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store, storeAfterMs: 60_000 });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    for (let i = 1; i <= 3; i++) alice.write(message('alice', 'bob', 'hello', `fp-${i}`));
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    let waiting: string[] = [];
    const atClose = store.close.bind(store);
    store.close = async () => {
      waiting = await store.waiting('bob');
      await atClose();
    };
    await bench.close(100);
    expect(waiting).toEqual(['fp-1', 'fp-3']);
    expect(store.calls.close).toBe(1);
  });

  it('waits for a slow store before it closes it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    let isClosed = false;
    const closed = bench.server.close({ drainMs: 0 }).then(() => {
      isClosed = true;
    });
    await bench.settle();
    expect(isClosed).toBe(false);
    expect(store.calls.close).toBe(0);
    store.release('append');
    await closed;
    expect(store.calls.close).toBe(1);
    expect(bench.events.stored).toMatchObject([{ fingerprint: 'fp-1' }]);
  });

  it('waits for confirmations before it closes the store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    const bob = await bench.online('bob');
    store.hold('confirm');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    const closed = bench.server.close({ drainMs: 0 });
    await bench.settle();
    expect(store.calls.close).toBe(0);
    store.release('confirm');
    await closed;
    expect(store.calls.close).toBe(1);
  });

  it('without a store, asks the application about what is still in flight, and reports it', async () => {
    const offered: string[] = [];
    const bench = await openBench({
      hooks: {
        onUndeliverable: ({ content }) => {
          offered.push(content);
          return content === 'one';
        },
      },
    });
    const alice = await bench.online('alice');
    await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    await bench.close(100);
    expect(offered).toEqual(['one', 'two']);
    expect(bench.events.stored).toMatchObject([{ content: 'one' }]);
    expect(bench.events.undelivered).toMatchObject([{ message: { content: 'two' } }]);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('settles every promise of send', async () => {
    const bench = await openBench();
    await bench.online('bob');
    const outcome = bench.server.send('bob', 'hello');
    const rejected = expect(outcome).rejects.toMatchObject({ code: 'ERR_UNDELIVERABLE' });
    await bench.close(100);
    await rejected;
  });

  it('resolves the promises of send whose messages are stored', async () => {
    const bench = await openBench({ store: new ControlledStore(), storeAfterMs: 60_000 });
    await bench.online('bob');
    const outcome = bench.server.send('bob', 'hello');
    await bench.close(100);
    await expect(outcome).resolves.toBe('stored');
  });

  it('leaves nothing scheduled', async () => {
    const store = new ControlledStore();
    const bench = await openBench({
      store,
      limits: { loginsPerSecondPerAddress: 4, packetsPerSecond: 50, stallTimeoutMs: 9000 },
    });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    const slow = await bench.online('slow');
    slow.stopReading();
    alice.write(message('alice', 'bob', 'hello', 'fp-1'), message('alice', 'slow', 'x'.repeat(2000), 'fp-2'));
    for (let i = 0; i < 200; i++) bob.write(keepAlive('bob'));
    store.failures.take = new Error('unreadable');
    await bench.online('replayed', 'websocket');
    const delayed = bench.connect();
    delayed.write(login('delayed'));
    const gone = await bench.online('gone', 'tcp', { remoteAddress: '192.0.2.9' });
    gone.leave();
    await bench.settle();
    expect(bench.metric('limitPackets')).toBeGreaterThan(0);
    expect(bench.metric('loginsDelayed')).toBe(1);
    expect(bench.clock.pending).toBeGreaterThan(2);
    await bench.close(200);
    expect(bench.clock.pendingRuns()).toEqual([]);
  });

  it('does nothing when a hook answers afterwards', async () => {
    const finish: (() => void)[] = [];
    const store = new ControlledStore();
    const bench = await openBench({
      store,
      hooks: {
        authorizeMessage: () => new Promise((resolve) => finish.push(() => resolve(true))),
        onServerMessage: () => new Promise((resolve) => finish.push(resolve)),
        authenticate: ({ userId }) =>
          userId === 'late'
            ? new Promise((resolve) => finish.push(() => resolve({ accept: true })))
            : { accept: true },
      },
    });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    finish.shift()?.();
    await bench.settle();
    bob.write(message('bob', 'alice', 'hello', 'fp-2'));
    const late = bench.connect();
    late.write(login('late'));
    expect(finish).toHaveLength(3);
    await bench.close(0);
    for (const resume of finish) resume();
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(late.received).toEqual([]);
    expect(bench.server.onlineCount).toBe(0);
    expect(bench.clock.pending).toBe(0);
    expect(store.calls.append).toBe(0);
  });

  it('closes its routes before the store', async () => {
    const order: string[] = [];
    const store = new ControlledStore();
    const route = new RecordingRoute();
    store.close = async () => void order.push('store');
    route.close = async () => void order.push('route');
    const bench = await openBench({ store, routes: [route] });
    await bench.close(0);
    expect(order).toEqual(['route', 'store']);
  });

  it('closes all other parts, and reports the error, when one part cannot be closed', async () => {
    const store = new ControlledStore();
    const route = new RecordingRoute();
    const failure = new Error('no broker');
    route.failures.close = failure;
    const bench = await openBench({ store, routes: [route] });
    bench.transports.udp.close = () => Promise.reject(new Error('EBADF'));
    await bench.close(0);
    expect(bench.transports.websocket.calls).toContain('close');
    expect(store.calls.close).toBe(1);
    expect(bench.events.error.map(({ message: text }) => text)).toEqual(['EBADF', 'no broker']);
    expect(bench.clock.pending).toBe(0);
  });

  it('closes once, and a second call waits for the same end', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    store.hold('append');
    (await bench.online('alice')).write(message('alice', 'bob', 'hello', 'fp-1'));
    const first = bench.server.close({ drainMs: 0 });
    let isSecondDone = false;
    const second = bench.server.close({ drainMs: 0 }).then(() => {
      isSecondDone = true;
    });
    await bench.settle();
    expect(isSecondDone).toBe(false);
    store.release('append');
    await Promise.all([first, second]);
    await bench.server.close();
    expect(store.calls.close).toBe(1);
    expect(bench.transports.tcp.calls).toEqual(['listen', 'stopAccepting', 'close']);
  });

  it('can be closed without having listened', async () => {
    const bench = new Bench({});
    await bench.server.close();
    await expect(bench.server.listen()).rejects.toMatchObject({ code: 'ERR_ALREADY_LISTENING' });
  });
});
