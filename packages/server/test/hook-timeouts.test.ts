import { describe, expect, it } from 'vitest';
import type { Hooks } from '../src/hooks.js';
import { type Bench, openBench } from './support/bench.js';
import { login, message } from './support/wire.js';

/** What a hook returns that never answers. */
const never = (): Promise<never> => new Promise(() => {});

function openWith(hooks: Hooks): Promise<Bench> {
  return openBench({ hooks, hookTimeoutMs: 3000 });
}

function expectTimedOut(bench: Bench, hook: string): void {
  expect(bench.events.error).toMatchObject([
    { code: 'ERR_HOOK_TIMED_OUT', message: `hook ${hook} failed: no answer within 3000 ms` },
  ]);
  expect(bench.metric('hookTimeouts')).toBe(1);
}

describe('a hook that never answers', () => {
  it('to a login rejects it with code 2', async () => {
    const bench = await openWith({ authenticate: never });
    const alice = bench.connect();
    alice.write(login('alice'));
    await bench.advance(2999);
    expect(alice.received).toEqual([]);
    await bench.advance(1);
    expect(alice.received).toMatchObject([{ type: 50, dataContent: '{"code":2,"firstLoginTime":-1}' }]);
    expect(alice.isClosed).toBe(true);
    expectTimedOut(bench, 'authenticate');
  });

  it('does not accept a login when it answers too late', async () => {
    const answers: ((verdict: { accept: true }) => void)[] = [];
    const bench = await openWith({ authenticate: () => new Promise((resolve) => answers.push(resolve)) });
    bench.connect('udp').write(login('alice'));
    await bench.advance(3000);
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(bench.server.isOnline('alice')).toBe(false);
  });

  it('to a message rejects it, and later messages of the sender are delivered', async () => {
    const bench = await openWith({
      authorizeMessage: ({ content }) => (content === 'stuck' ? never() : true),
    });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    alice.write(message('alice', 'bob', 'stuck', 'fp-1'), message('alice', 'bob', 'next', 'fp-2'));
    await bench.advance(2999);
    expect(bob.received).toEqual([]);
    await bench.advance(1);
    expect(bob.received).toMatchObject([{ fp: 'fp-2' }]);
    expect(bench.events.rejected).toMatchObject([{ reason: 'not-authorized', userId: 'alice' }]);
    expectTimedOut(bench, 'authorizeMessage');
  });

  it('to a message to the server does not acknowledge it, and is called with the next copy', async () => {
    const handed: string[] = [];
    const bench = await openWith({
      onServerMessage: ({ content }) => (handed.push(content) === 1 ? never() : undefined),
    });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.advance(3000);
    expect(alice.received).toEqual([]);
    expectTimedOut(bench, 'onServerMessage');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.settle();
    expect(handed).toEqual(['hello', 'hello']);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('about an undeliverable message drops it, and its sender is not acknowledged', async () => {
    const bench = await openWith({ onUndeliverable: never });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(3000);
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
    expectTimedOut(bench, 'onUndeliverable');
  });

  it('times out after 10 s by default', async () => {
    const bench = await openBench({ hooks: { authenticate: never } });
    const alice = bench.connect();
    alice.write(login('alice'));
    await bench.advance(9999);
    expect(alice.received).toEqual([]);
    await bench.advance(1);
    expect(alice.received).toHaveLength(1);
  });
});
