import { describe, expect, it } from 'vitest';
import type { SessionInfo } from '../src/hooks.js';
import type { Message } from '../src/message.js';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { openBench } from './support/bench.js';
import { onlineDevice } from './support/log-device.js';
import { acknowledgement, keepAlive, login, logout, message, plainMessage } from './support/wire.js';

/** An `authorizeMessage` hook that the test answers by hand. */
function slowHook() {
  const asked: string[] = [];
  const answers: { resolve: (allowed: boolean) => void; reject: (error: Error) => void }[] = [];
  const authorizeMessage = ({ content }: Message) => {
    asked.push(content);
    return new Promise<boolean>((resolve, reject) => answers.push({ resolve, reject }));
  };
  return { asked, answers, hooks: { authorizeMessage } };
}

describe('the authorization of a message', () => {
  it('that is awaited delays no answer to a message in the name of another user', async () => {
    const bench = await openBench({ hooks: slowHook().hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'), message('bob', 'alice', 'hello', 'fp-2'));
    expect(alice.received).toMatchObject([{ type: 52 }]);
    expect(alice.isPaused).toBe(false);
  });

  it('that is awaited lets the sender acknowledge what it was sent while the server closes', async () => {
    const bench = await openBench({ hooks: slowHook().hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    const sent = bench.server.send('alice', 'hello', { fingerprint: 'fp-2' });
    const closed = bench.server.close({ drainMs: 1000 });
    alice.write(message('alice', 'bob', 'hello', 'fp-3'));
    alice.write(acknowledgement('alice', '0', 'fp-2'));
    expect(await sent).toBe('received');
    await bench.advance(1000);
    await closed;
  });

  it('is called for messages to users and to the server, with the sender', async () => {
    const asked: [Message, SessionInfo][] = [];
    const bench = await openBench({
      hooks: {
        authorizeMessage: (received, sender) => {
          asked.push([received, sender]);
          return true;
        },
      },
    });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'), plainMessage('alice', '0', 'hi'));
    expect(asked).toMatchObject([
      [{ from: 'alice', to: 'bob', content: 'hello', fingerprint: 'fp-1', qos: true }, { userId: 'alice' }],
      [{ from: 'alice', to: '0', content: 'hi', fingerprint: undefined, qos: false }, { userId: 'alice' }],
    ]);
  });

  it('that returns false rejects the message, and is called again for the next copy', async () => {
    const answers = [false, true];
    const bench = await openBench({ hooks: { authorizeMessage: () => answers.shift() ?? false } });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toEqual([]);
    expect(alice.received).toEqual([]);
    expect(bench.metric('notAuthorized')).toBe(1);
    expect(bench.events.rejected).toMatchObject([{ reason: 'not-authorized', userId: 'alice' }]);
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toMatchObject([{ fp: 'fp-1' }]);
  });

  it('that resolves with false rejects the message too', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    answers[0]?.resolve(false);
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.metric('messagesToServer')).toBe(0);
    expect(bench.metric('notAuthorized')).toBe(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
  ])('that %s counts as false, with an error event', async (_name, authorizeMessage) => {
    const bench = await openBench({ hooks: { authorizeMessage } });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.metric('notAuthorized')).toBe(1);
    expect(bench.events.error.map(({ message: text }) => text)).toEqual([
      'hook authorizeMessage failed: no database',
    ]);
  });

  it.each([
    ['undefined', undefined],
    ['the string "yes"', 'yes'],
    ['the number 1', 1],
  ])('that answers with %s counts as false, with an error event', async (type, answer) => {
    const authorizeMessage = () => answer as unknown as boolean;
    const bench = await openBench({ hooks: { authorizeMessage } });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    expect(alice.received).toEqual([]);
    expect(bench.metric('notAuthorized')).toBe(1);
    expect(bench.events.error.map(({ message: text }) => text)).toEqual([
      `hook authorizeMessage failed: must return true, false or { accept, code }, got ${type}`,
    ]);
  });

  it('that takes time keeps the order across a sender’s sessions', async () => {
    const { asked, answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    const back = await bench.online('alice');
    back.write(message('alice', 'bob', 'two', 'fp-2'), keepAlive('alice'));
    expect(asked).toEqual(['one']);
    expect(back.received).toMatchObject([{ type: 51 }]);
    answers[0]?.resolve(true);
    await bench.settle();
    answers[1]?.resolve(true);
    await bench.settle();
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['one', 'two']);
    expect(back.isPaused).toBe(false);
  });

  it('is awaited on all devices of a sender, in turn', async () => {
    const { asked, answers, hooks } = slowHook();
    const bench = await openBench({ hooks, store: memoryStore() });
    const bob = await bench.online('bob');
    const phone = await bench.online('alice');
    const { peer: desktop } = await onlineDevice(bench, 'alice', 'desktop');
    phone.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    desktop.write(message('alice', 'bob', 'three', 'fp-3'), message('alice', 'bob', 'four', 'fp-4'));
    for (let answered = 0; answered < 4; answered++) {
      expect(asked).toHaveLength(answered + 1);
      answers.at(-1)?.resolve(true);
      await bench.settle();
    }
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(asked);
    expect(asked).toEqual(['one', 'two', 'three', 'four']);
    expect([phone.isPaused, desktop.isPaused]).toEqual([false, false]);
  });

  it('that takes time keeps the order of one sender’s messages', async () => {
    const { asked, answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    alice.write(message('alice', 'bob', 'three', 'fp-3'));
    await bench.settle();
    expect(asked).toEqual(['one']);
    expect(alice.isPaused).toBe(true);
    for (const text of ['two', 'three']) {
      answers.at(-1)?.resolve(true);
      await bench.settle();
      expect(asked.at(-1)).toBe(text);
    }
    answers.at(-1)?.resolve(true);
    await bench.settle();
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['one', 'two', 'three']);
    expect(alice.isPaused).toBe(false);
  });

  it('that takes time delays neither other senders nor keep-alives', async () => {
    const { hooks, asked } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const carol = await bench.online('carol');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), keepAlive('alice'));
    carol.write(message('carol', 'bob', 'other', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 51 }]);
    expect(asked).toEqual(['one', 'other']);
  });

  it('continues with the next message after one that was rejected or failed', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(
      message('alice', 'bob', 'one', 'fp-1'),
      message('alice', 'bob', 'two', 'fp-2'),
      message('alice', 'bob', 'three', 'fp-3'),
    );
    answers[0]?.resolve(false);
    await bench.settle();
    answers[1]?.reject(new Error('no database'));
    await bench.settle();
    answers[2]?.resolve(true);
    await bench.settle();
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['three']);
  });

  it('ignores a copy that comes while the hook is being asked', async () => {
    const { asked, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.settle();
    expect(asked).toEqual(['one']);
    expect(alice.received).toEqual([]);
  });

  it('delivers what was sent before a logout, and then the session ends', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(
      message('alice', 'bob', 'one', 'fp-1'),
      message('alice', 'bob', 'two', 'fp-2'),
      logout('alice'),
    );
    answers[0]?.resolve(true);
    await bench.settle();
    answers[1]?.resolve(true);
    await bench.settle();
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['one', 'two']);
    expect(alice.isClosed).toBe(true);
  });

  it('does not acknowledge a sender who has gone offline, whose message is still delivered', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    alice.leave();
    await bench.settle();
    answers[0]?.resolve(true);
    await bench.settle();
    expect(bob.received).toMatchObject([{ dataContent: 'one' }]);
  });

  it('delivers a message from the user who sent it, even if the session has another user by then', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = await bench.online('alice');
    const bob = await bench.online('bob');
    peer.write(message('alice', 'bob', 'one', 'fp-1'), login('carol'));
    answers[0]?.resolve(true);
    await bench.settle();
    expect(bob.received).toMatchObject([{ from: 'alice' }]);
    expect(peer.received).toMatchObject([{ type: 50, to: 'carol' }]);
  });
});
