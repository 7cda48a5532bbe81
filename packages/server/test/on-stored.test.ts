import { describe, expect, it } from 'vitest';
import type { Hooks } from '../src/hooks.js';
import type { Message } from '../src/message.js';
import type { ServerOptions } from '../src/options.js';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message } from './support/wire.js';

/** A bench whose hook records its calls and answers what the test says. */
async function openWithHook(
  options: Partial<ServerOptions> = {},
  answer: NonNullable<Hooks['onStored']> = () => {},
) {
  const calls: string[][] = [];
  const onStored = (messages: readonly Message[]) => {
    calls.push(messages.map(({ fingerprint }) => fingerprint ?? ''));
    return answer(messages);
  };
  const bench = await openBench({ store: new ControlledStore(), hooks: { onStored }, ...options });
  return { bench, calls, alice: await bench.online('alice') };
}

function toBob(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => message('alice', 'bob', 'hello', `fp-${from + i}`));
}

describe('the hook onStored', () => {
  it('is called with what was stored for an offline user, after a while, in one batch', async () => {
    const { bench, calls, alice } = await openWithHook();
    alice.write(...toBob(1, 2));
    await bench.advance(150);
    alice.write(...toBob(3, 3));
    await bench.advance(49);
    expect(calls).toEqual([]);
    await bench.advance(1);
    expect(calls).toEqual([['fp-1', 'fp-2', 'fp-3']]);
  });

  it('gets the message as the receiver will get it', async () => {
    const seen: Message[] = [];
    const { bench, alice } = await openWithHook({}, (messages) => void seen.push(...messages));
    alice.write(message('alice', 'bob', '消息', 'fp-1'));
    await bench.advance(200);
    expect(seen).toEqual([
      { from: 'alice', to: 'bob', content: '消息', type: -1, fingerprint: 'fp-1', qos: true, bridged: false },
    ]);
  });

  it('is called at once with a hundred messages, and never with more', async () => {
    const { bench, calls, alice } = await openWithHook();
    alice.write(...toBob(1, 250));
    await bench.settle();
    expect(calls.map(({ length }) => length)).toEqual([100, 100]);
    await bench.advance(200);
    expect(calls.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('is called once for a message whose receiver’s session ends when it is stored', async () => {
    const { bench, calls, alice } = await openWithHook();
    await bench.online('bob');
    bench.server.on('stored', ({ to }) => void bench.server.kick(to));
    alice.write(...toBob(1, 1));
    await bench.advance(2000);
    expect(calls).toEqual([['fp-1']]);
  });

  it('is not called for messages that an online user acknowledges', async () => {
    const { bench, calls, alice } = await openWithHook();
    const bob = await bench.online('bob');
    alice.write(...toBob(1, 1));
    await bench.advance(1500);
    expect(bench.metric('messagesStored')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    expect(calls).toEqual([]);
  });

  it('is called once for messages that were not acknowledged when the session ended', async () => {
    const { bench, calls, alice } = await openWithHook();
    const bob = await bench.online('bob');
    alice.write(...toBob(1, 1));
    await bench.advance(1500);
    alice.write(...toBob(2, 2));
    bob.leave();
    await bench.advance(200);
    expect(calls).toEqual([['fp-1', 'fp-2']]);
    (await bench.online('bob')).leave();
    await bench.advance(1000);
    expect(calls).toHaveLength(1);
  });

  it('is not called again for a copy that the store already has', async () => {
    const { bench, calls } = await openWithHook();
    const { server } = bench;
    await server.send('bob', 'hello', { fingerprint: 'fp-1' });
    await server.send('bob', 'hello', { fingerprint: 'fp-1' });
    await bench.advance(1000);
    expect(calls).toEqual([['fp-1']]);
  });

  it('is not called again before it has answered', async () => {
    const answers: (() => void)[] = [];
    const { bench, calls, alice } = await openWithHook(
      {},
      () => new Promise((resolve) => answers.push(resolve)),
    );
    alice.write(...toBob(1, 150));
    await bench.settle();
    expect(calls).toHaveLength(1);
    answers[0]?.();
    await bench.settle();
    expect(calls.map(({ length }) => length)).toEqual([100, 50]);
  });

  it('is called again after it failed: after 1 s, 2 s, up to a minute', async () => {
    const at: number[] = [];
    const clock = { now: () => 0 };
    const { bench, alice } = await openWithHook({}, () => {
      at.push(clock.now());
      return Promise.reject(new Error('no push service'));
    });
    const start = bench.clock.now();
    clock.now = () => bench.clock.now() - start;
    alice.write(...toBob(1, 1));
    for (let i = 0; i < 200; i++) await bench.advance(1000);
    expect(at).toEqual([200, 1200, 3200, 7200, 15_200, 31_200, 63_200, 123_200, 183_200]);
    expect(bench.events.error).toHaveLength(at.length);
    expect(bench.events.error[0]).toMatchObject({ code: 'ERR_HOOK_FAILED' });
  });

  it('is called with everything that was collected once it works again', async () => {
    const state = { fails: true };
    const { bench, calls, alice } = await openWithHook({}, () => {
      if (state.fails) throw new Error('no push service');
    });
    alice.write(...toBob(1, 1));
    await bench.advance(200);
    alice.write(...toBob(2, 3));
    state.fails = false;
    await bench.advance(1000);
    expect(calls).toEqual([['fp-1'], ['fp-1', 'fp-2', 'fp-3']]);
  });

  it('is never called for messages beyond 10 000, which is reported', async () => {
    const { bench, calls, alice } = await openWithHook({}, () =>
      Promise.reject(new Error('no push service')),
    );
    alice.write(...toBob(1, 10_000));
    await bench.advance(500);
    for (const fingerprint of ['fp-a', 'fp-b']) alice.write(message('alice', 'carol', 'hello', fingerprint));
    await bench.settle();
    expect(calls).toHaveLength(1);
    expect(bench.metric('limitOfflineNotices')).toBe(2);
    const notices = bench.events.limited.filter(({ limit }) => limit === 'offlineNotices');
    expect(notices).toEqual(
      [1, 2].map(() => ({ limit: 'offlineNotices', value: 10_000, remoteAddress: '', userId: 'carol' })),
    );
  });

  it('is called for the rest when the server closes, which waits for its answer', async () => {
    const answers: (() => void)[] = [];
    const { bench, calls, alice } = await openWithHook(
      {},
      () => new Promise((resolve) => answers.push(resolve)),
    );
    alice.write(...toBob(1, 1));
    await bench.settle();
    const state = { isClosed: false };
    void bench.server.close({ drainMs: 0 }).then(() => {
      state.isClosed = true;
    });
    await bench.settle();
    expect(calls).toEqual([['fp-1']]);
    expect(state.isClosed).toBe(false);
    answers[0]?.();
    await bench.settle();
    expect(state.isClosed).toBe(true);
    expect(bench.clock.pendingRuns()).toEqual([]);
  });

  it('does not keep a server open by failing', async () => {
    const { bench, alice } = await openWithHook({}, () => Promise.reject(new Error('no push service')));
    alice.write(...toBob(1, 1));
    await bench.advance(200);
    await bench.close(0);
    expect(bench.clock.pendingRuns()).toEqual([]);
  });
});
