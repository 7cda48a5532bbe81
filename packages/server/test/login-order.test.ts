import { describe, expect, it } from 'vitest';
import type { LoginVerdict } from '../src/hooks.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import type { Peer } from './support/peer-transport.js';
import { login } from './support/wire.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The `firstLoginTime` in a peer's login response. */
function timeOf(peer: Peer): number {
  const content = peer.received.find(({ type }) => type === 50)?.dataContent ?? '{}';
  return JSON.parse(content).firstLoginTime;
}

/** An `authenticate` hook that the test answers by hand. */
function slowHook() {
  const answers: ((verdict: LoginVerdict) => void)[] = [];
  const authenticate = () => new Promise<LoginVerdict>((resolve) => answers.push(resolve));
  return { answers, hooks: { authenticate } };
}

describe('logins around a step of the clock', () => {
  it('get later times than the logins before them, so that the newer device stays', async () => {
    const bench = await openBench();
    const old = bench.connect();
    old.write(login('alice'));
    bench.clock.stepWallTime(-3_600_000);
    const fresh = bench.connect('websocket');
    fresh.write(login('alice'));
    expect(timeOf(old)).toBe(START_TIME);
    expect(timeOf(fresh)).toBe(START_TIME + 1);
    // The old client has missed its kick-out and reconnects.
    const late = bench.connect();
    late.write(login('alice', { firstLoginTime: timeOf(old) }));
    expect(late.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    expect(bench.server.sessions()).toMatchObject([{ transport: 'websocket' }]);
  });

  it('do so if the user was offline in between', async () => {
    const bench = await openBench();
    const old = await bench.online('alice');
    old.leave();
    bench.clock.stepWallTime(-3_600_000);
    const fresh = bench.connect('websocket');
    fresh.write(login('alice'));
    const late = bench.connect();
    late.write(login('alice', { firstLoginTime: START_TIME }));
    expect(late.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    expect(bench.server.sessions()).toMatchObject([{ transport: 'websocket' }]);
  });

  it('of the same client replace its session, also with a time that is ahead of the clock', async () => {
    const bench = await openBench();
    const old = await bench.online('alice', 'tcp', { firstLoginTime: START_TIME + 40 * DAY_MS });
    const back = bench.connect();
    back.write(login('alice', { firstLoginTime: START_TIME + 40 * DAY_MS }));
    expect(old.received).toEqual([]);
    expect(back.received).toMatchObject([{ type: 50 }]);
    expect(back.end).toBe('open');
  });
});

describe('a client that claims a first login in the far future', () => {
  it('gets its own value back, and is replaced by the next login like any other', async () => {
    const bench = await openBench();
    const liar = bench.connect();
    liar.write(login('alice', { firstLoginTime: Number.MAX_SAFE_INTEGER }));
    expect(timeOf(liar)).toBe(Number.MAX_SAFE_INTEGER);
    expect(bench.server.sessions()).toMatchObject([{ firstLoginTime: START_TIME }]);
    await bench.advance(1000);
    const fresh = bench.connect('websocket');
    fresh.write(login('alice'));
    expect(timeOf(fresh)).toBe(START_TIME + 1000);
    expect(liar.received.at(-1)).toMatchObject({ type: 54 });
  });

  it('never takes the place of a session', async () => {
    const bench = await openBench();
    await bench.online('alice');
    for (const firstLoginTime of [Number.MAX_SAFE_INTEGER, START_TIME + 2 * DAY_MS]) {
      await bench.advance(1000);
      const liar = bench.connect('websocket');
      liar.write(login('alice', { firstLoginTime }));
      expect(liar.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    }
    expect(bench.server.sessions()).toMatchObject([{ transport: 'tcp' }]);
  });
});

describe('logins whose hook answers in another order than it was called', () => {
  it('leave the one that was asked later online', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const first = bench.connect('tcp');
    first.write(login('alice'));
    await bench.advance(100);
    const second = bench.connect('websocket');
    second.write(login('alice'));
    answers[1]?.({ accept: true });
    await bench.settle();
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(second.received).toMatchObject([{ type: 50 }]);
    expect(first.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    expect(bench.server.sessions()).toMatchObject([{ transport: 'websocket' }]);
  });

  it('leave the newest connection of a client open that has reconnected twice', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const first = bench.connect('tcp');
    first.write(login('alice', { firstLoginTime: START_TIME - 5 }));
    const second = bench.connect('websocket');
    second.write(login('alice', { firstLoginTime: START_TIME - 5 }));
    answers[1]?.({ accept: true });
    await bench.settle();
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(second.received).toMatchObject([{ type: 50 }]);
    expect(first.received).toEqual([]);
    expect(first.end).toBe('closed');
    expect(bench.server.sessions()).toMatchObject([{ transport: 'websocket' }]);
  });

  it('replace as always in the order in which they were asked', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const first = bench.connect('tcp');
    first.write(login('alice'));
    const second = bench.connect('websocket');
    second.write(login('alice'));
    answers[0]?.({ accept: true });
    await bench.settle();
    answers[1]?.({ accept: true });
    await bench.settle();
    expect(first.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    expect(bench.server.sessions()).toMatchObject([{ transport: 'websocket' }]);
  });
});

describe('a session that a listener ends while it starts', () => {
  it('is reported neither as online nor as offline', async () => {
    const store = new ControlledStore();
    store.isEmptyFor = () => {
      throw new Error('the disk is gone');
    };
    const bench = await openBench({ store });
    bench.server.on('error', () => bench.server.kick('alice'));
    const alice = bench.connect();
    alice.write(login('alice'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 50 }, { type: 54 }]);
    expect([bench.events.online, bench.events.offline]).toEqual([[], []]);
    expect([bench.events.sessionStarted, bench.events.sessionEnded]).toEqual([[], []]);
    expect(bench.server.onlineCount).toBe(0);
  });
});
