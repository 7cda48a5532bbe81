import { describe, expect, it } from 'vitest';
import type { Hooks } from '../src/hooks.js';
import type { Message } from '../src/message.js';
import type { ServerOptions } from '../src/options.js';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message } from './support/wire.js';

/** A bench whose hook notes what it is told, call by call, and answers what the test says. */
async function openTold(
  options: Partial<ServerOptions> = {},
  answer: NonNullable<Hooks['onStored']> = () => {},
) {
  const told: string[][] = [];
  const onStored = (messages: readonly Message[]) => {
    told.push(messages.map(({ fingerprint }) => fingerprint ?? ''));
    return answer(messages);
  };
  const bench = await openBench({ store: new ControlledStore(), hooks: { onStored }, ...options });
  return { bench, told, alice: await bench.online('alice') };
}

function toBob(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => message('alice', 'bob', 'hello', `fp-${from + i}`));
}

describe('the hook onStored', () => {
  it('is told what was stored for a user who is away, some time later and together', async () => {
    const { bench, told, alice } = await openTold();
    alice.write(...toBob(1, 2));
    await bench.advance(150);
    alice.write(...toBob(3, 3));
    await bench.advance(49);
    expect(told).toEqual([]);
    await bench.advance(1);
    expect(told).toEqual([['fp-1', 'fp-2', 'fp-3']]);
  });

  it('is given the message as the receiver will see it', async () => {
    const seen: Message[] = [];
    const { bench, alice } = await openTold({}, (messages) => void seen.push(...messages));
    alice.write(message('alice', 'bob', '消息', 'fp-1'));
    await bench.advance(200);
    expect(seen).toEqual([
      { from: 'alice', to: 'bob', content: '消息', type: -1, fingerprint: 'fp-1', qos: true, bridged: false },
    ]);
  });

  it('is told at once of a hundred, and never of more in one call', async () => {
    const { bench, told, alice } = await openTold();
    alice.write(...toBob(1, 250));
    await bench.settle();
    expect(told.map(({ length }) => length)).toEqual([100, 100]);
    await bench.advance(200);
    expect(told.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('is told once of a message whose receiver is ended as soon as it is stored', async () => {
    const { bench, told, alice } = await openTold();
    await bench.online('bob');
    bench.server.on('stored', ({ to }) => void bench.server.kick(to));
    alice.write(...toBob(1, 1));
    await bench.advance(2000);
    expect(told).toEqual([['fp-1']]);
  });

  it('is not told of what a user who is online takes', async () => {
    const { bench, told, alice } = await openTold();
    const bob = await bench.online('bob');
    alice.write(...toBob(1, 1));
    await bench.advance(1500);
    expect(bench.metric('messagesStored')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(1000);
    expect(told).toEqual([]);
  });

  it('is told of what a user had not taken when the session ended, once', async () => {
    const { bench, told, alice } = await openTold();
    const bob = await bench.online('bob');
    alice.write(...toBob(1, 1));
    await bench.advance(1500);
    alice.write(...toBob(2, 2));
    bob.leave();
    await bench.advance(200);
    expect(told).toEqual([['fp-1', 'fp-2']]);
    (await bench.online('bob')).leave();
    await bench.advance(1000);
    expect(told).toHaveLength(1);
  });

  it('is not told again of a copy that the store has already', async () => {
    const { bench, told } = await openTold();
    const { server } = bench;
    await server.send('bob', 'hello', { fingerprint: 'fp-1' });
    await server.send('bob', 'hello', { fingerprint: 'fp-1' });
    await bench.advance(1000);
    expect(told).toEqual([['fp-1']]);
  });

  it('is told one thing after the other', async () => {
    const answers: (() => void)[] = [];
    const { bench, told, alice } = await openTold({}, () => new Promise((resolve) => answers.push(resolve)));
    alice.write(...toBob(1, 150));
    await bench.settle();
    expect(told).toHaveLength(1);
    answers[0]?.();
    await bench.settle();
    expect(told.map(({ length }) => length)).toEqual([100, 50]);
  });

  it('is told again after a while where it failed: 1 s, 2 s, up to a minute', async () => {
    const at: number[] = [];
    const clock = { now: () => 0 };
    const { bench, alice } = await openTold({}, () => {
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

  it('is told everything that has gathered once it works again', async () => {
    const state = { fails: true };
    const { bench, told, alice } = await openTold({}, () => {
      if (state.fails) throw new Error('no push service');
    });
    alice.write(...toBob(1, 1));
    await bench.advance(200);
    alice.write(...toBob(2, 3));
    state.fails = false;
    await bench.advance(1000);
    expect(told).toEqual([['fp-1'], ['fp-1', 'fp-2', 'fp-3']]);
  });

  it('is never told of what is beyond 10 000, which is reported', async () => {
    const { bench, told, alice } = await openTold({}, () => Promise.reject(new Error('no push service')));
    alice.write(...toBob(1, 10_000));
    await bench.advance(500);
    for (const fingerprint of ['fp-a', 'fp-b']) alice.write(message('alice', 'carol', 'hello', fingerprint));
    await bench.settle();
    expect(told).toHaveLength(1);
    expect(bench.metric('limitOfflineNotices')).toBe(2);
    const notices = bench.events.limited.filter(({ limit }) => limit === 'offlineNotices');
    expect(notices).toEqual(
      [1, 2].map(() => ({ limit: 'offlineNotices', value: 10_000, remoteAddress: '', userId: 'carol' })),
    );
  });

  it('is told what is left when the server closes, which waits for its answer', async () => {
    const answers: (() => void)[] = [];
    const { bench, told, alice } = await openTold({}, () => new Promise((resolve) => answers.push(resolve)));
    alice.write(...toBob(1, 1));
    await bench.settle();
    const state = { isClosed: false };
    void bench.server.close({ drainMs: 0 }).then(() => {
      state.isClosed = true;
    });
    await bench.settle();
    expect(told).toEqual([['fp-1']]);
    expect(state.isClosed).toBe(false);
    answers[0]?.();
    await bench.settle();
    expect(state.isClosed).toBe(true);
    expect(bench.clock.pendingRuns()).toEqual([]);
  });

  it('does not keep a server open by failing', async () => {
    const { bench, alice } = await openTold({}, () => Promise.reject(new Error('no push service')));
    alice.write(...toBob(1, 1));
    await bench.advance(200);
    await bench.close(0);
    expect(bench.clock.pendingRuns()).toEqual([]);
  });
});
