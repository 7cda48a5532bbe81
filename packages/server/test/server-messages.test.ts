import { describe, expect, it } from 'vitest';
import { HookError } from '../src/errors.js';
import type { Hooks, Sender } from '../src/hooks.js';
import type { Message } from '../src/message.js';
import { openBench, START_TIME } from './support/bench.js';
import { acknowledgement, message, plainMessage, wire } from './support/wire.js';

/** An `onServerMessage` hook whose work the test finishes by hand. */
function slowHook() {
  const messages: Message[] = [];
  const finish: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const onServerMessage = (received: Message) => {
    messages.push(received);
    return new Promise<void>((resolve, reject) => finish.push({ resolve, reject }));
  };
  return { messages, finish, hooks: { onServerMessage } };
}

describe('a message to the server', () => {
  it('is acknowledged in the name of the server', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(alice.received).toEqual([
      {
        bridge: false,
        type: 4,
        dataContent: 'fp-1',
        from: '0',
        to: 'alice',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(bench.metric('messagesToServer')).toBe(1);
  });

  it('is passed to the application with its sender', async () => {
    const calls: [Message, Sender][] = [];
    const bench = await openBench({
      hooks: { onServerMessage: (received, sender) => void calls.push([received, sender]) },
    });
    const alice = await bench.online('alice', 'websocket', { extra: 'e', remoteAddress: '192.0.2.9' });
    alice.write(
      wire({ type: 2, dataContent: '你好 "x"', from: 'alice', to: '0', fp: 'fp-1', QoS: true, typeu: 42 }),
    );
    expect(calls[0]?.[0]).toEqual({
      from: 'alice',
      to: '0',
      content: '你好 "x"',
      type: 42,
      fingerprint: 'fp-1',
      qos: true,
      bridged: false,
    });
    expect(calls[0]?.[1]).toMatchObject({
      userId: 'alice',
      transport: 'websocket',
      remoteAddress: '192.0.2.9',
      remotePort: 1,
      firstLoginTime: START_TIME,
      extra: 'e',
    });
  });

  it('can be answered with sender.send', async () => {
    const outcomes: string[] = [];
    const bench = await openBench({
      hooks: {
        onServerMessage: async ({ content }, sender) => {
          outcomes.push(await sender.send(`echo: ${content}`, { fingerprint: 'fp-2' }));
        },
      },
    });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', '0', 'hello'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 2, dataContent: 'echo: hello', from: '0', fp: 'fp-2' }]);
    alice.write(acknowledgement('alice', '0', 'fp-2'));
    await bench.settle();
    expect(outcomes).toEqual(['received']);
  });

  it('is acknowledged only when the application has finished', async () => {
    const { finish, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.advance(3000);
    expect(alice.received).toEqual([]);
    finish[0]?.resolve();
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('does not delay later messages', async () => {
    const { messages, finish, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'one', 'fp-1'), message('alice', '0', 'two', 'fp-2'));
    expect(messages.map(({ content }) => content)).toEqual(['one', 'two']);
    finish[1]?.resolve();
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-2' }]);
    expect(alice.isPaused).toBe(false);
  });

  it('is not acknowledged when a copy comes while it is being handled', async () => {
    const { messages, finish, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(messages).toHaveLength(1);
    expect(alice.received).toEqual([]);
    expect(bench.metric('messagesDuplicate')).toBe(1);
    finish[0]?.resolve();
    await bench.settle();
    expect(alice.received).toHaveLength(1);
  });

  it('is acknowledged again, but not passed to the hook, when a copy comes afterwards', async () => {
    const { messages, finish, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    finish[0]?.resolve();
    await bench.settle();
    alice.takeReceived();
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: '0', to: 'alice' }]);
    expect(messages).toHaveLength(1);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
  ])('is not acknowledged when the hook %s, and its next copy is handed in again', async (_name, fail) => {
    let calls = 0;
    const bench = await openBench({
      hooks: {
        onServerMessage: () => {
          calls += 1;
          return calls === 1 ? fail() : undefined;
        },
      },
    });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    const [error] = bench.events.error;
    expect(error).toBeInstanceOf(HookError);
    expect(error?.message).toBe('hook onServerMessage failed: disk full');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(calls).toBe(2);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('is acknowledged whatever the hook returns, unless it is a promise', async () => {
    const contents: string[] = [];
    const push = ({ content }: Message) => contents.push(content);
    const hooks: Hooks = Object.assign({}, { onServerMessage: push as unknown as () => void });
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(contents).toEqual(['hello']);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('is passed to the hook each time if it asks for no acknowledgement', async () => {
    const contents: string[] = [];
    const bench = await openBench({
      hooks: { onServerMessage: ({ content }) => void contents.push(content) },
    });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', '0', 'tick'), plainMessage('alice', '0', 'tick'));
    expect(contents).toEqual(['tick', 'tick']);
    expect(alice.received).toEqual([]);
  });

  it('asks for no acknowledgement if it has no fingerprint', async () => {
    const messages: Message[] = [];
    const bench = await openBench({
      hooks: { onServerMessage: (received) => void messages.push(received) },
    });
    const alice = await bench.online('alice');
    alice.write(wire({ type: 2, dataContent: 'hello', from: 'alice', to: '0', QoS: true }));
    expect(messages).toMatchObject([{ content: 'hello', qos: false, fingerprint: undefined }]);
    expect(alice.received).toEqual([]);
  });

  it('is acknowledged to the bridge of its packet', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(wire({ type: 2, from: 'alice', to: '0', fp: 'fp-1', QoS: true, bridge: true }));
    expect(alice.received).toMatchObject([{ type: 4, bridge: true }]);
  });

  it('is distinguished by its sender from one with the same fingerprint', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const mallory = await bench.online('mallory');
    mallory.write(message('mallory', '0', 'poison', 'fp-1'));
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(bench.metric('messagesToServer')).toBe(2);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('is passed to the hook again when its fingerprint was forgotten after 20 minutes', async () => {
    const bench = await openBench();
    let alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.advance(599_000);
    alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(bench.metric('messagesToServer')).toBe(1);
    await bench.advance(1_200_000);
    alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(bench.metric('messagesToServer')).toBe(2);
  });
});

describe('the sender of a message', () => {
  it('must be the session’s user', async () => {
    const bench = await openBench();
    const mallory = await bench.online('mallory');
    const bob = await bench.online('bob');
    mallory.write(message('alice', 'bob', 'send money', 'fp-1'));
    expect(bob.received).toEqual([]);
    expect(mallory.received).toMatchObject([
      { type: 52, to: 'mallory', dataContent: '{"errorCode":4,"errorMsg":"from is not your user id"}' },
    ]);
    expect(mallory.isClosed).toBe(false);
    expect(bench.metric('spoofedSenders')).toBe(1);
    expect(bench.events.rejected).toMatchObject([{ reason: 'spoofed-sender', userId: 'mallory' }]);
  });

  it('must not be the server', async () => {
    const bench = await openBench();
    const mallory = await bench.online('mallory');
    const bob = await bench.online('bob');
    mallory.write(message('0', 'bob', 'obey', 'fp-1'));
    expect(bob.received).toEqual([]);
    expect(bench.metric('spoofedSenders')).toBe(1);
  });

  it.each([
    ['missing', undefined],
    ['unset', '-1'],
  ])('is filled in where it is %s', async (_name, from) => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(
      wire({
        type: 2,
        dataContent: 'hello',
        ...(from === undefined ? {} : { from }),
        to: 'bob',
        fp: 'fp-1',
        QoS: true,
      }),
    );
    expect(bob.received).toEqual([
      {
        bridge: false,
        type: 2,
        dataContent: 'hello',
        from: 'alice',
        to: 'bob',
        fp: 'fp-1',
        QoS: true,
        typeu: -1,
        sm: -1,
      },
    ]);
  });
});

describe('a message without a receiver', () => {
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['unset', '-1'],
  ])('that is %s is dropped, counted and not acknowledged', async (_name, to) => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(
      wire({
        type: 2,
        dataContent: 'hello',
        from: 'alice',
        ...(to === undefined ? {} : { to }),
        fp: 'fp-1',
        QoS: true,
      }),
    );
    expect(alice.received).toEqual([]);
    expect(alice.isClosed).toBe(false);
    expect(bench.metric('withoutReceiver')).toBe(1);
    expect(bench.events.rejected).toMatchObject([{ reason: 'no-receiver', userId: 'alice' }]);
  });
});
