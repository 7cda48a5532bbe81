import { describe, expect, it } from 'vitest';
import { HookError } from '../src/errors.js';
import type { Hooks, LoginAttempt, LoginVerdict } from '../src/hooks.js';
import { openBench, START_TIME } from './support/bench.js';
import { acknowledgement, keepAlive, login, message, wire } from './support/wire.js';

const accepted = {
  bridge: false,
  type: 50,
  dataContent: `{"code":0,"firstLoginTime":${START_TIME}}`,
  from: '0',
  to: 'alice',
  QoS: false,
  typeu: -1,
  sm: -1,
};

function refused(code: number) {
  return { ...accepted, dataContent: `{"code":${code},"firstLoginTime":-1}`, to: '-1' };
}

describe('a login that is accepted', () => {
  it('is answered with the time of the server as the first login time', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(login('alice'));
    expect(peer.received).toEqual([accepted]);
    expect(peer.isClosed).toBe(false);
    expect(bench.metric('loginsAccepted')).toBe(1);
  });

  it('keeps the first login time of a client that reconnects', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(login('alice', { firstLoginTime: 1_699_999_000_000 }));
    expect(peer.received[0]?.dataContent).toBe('{"code":0,"firstLoginTime":1699999000000}');
    expect(bench.events.online[0]?.session.firstLoginTime).toBe(1_699_999_000_000);
  });

  it('treats a negative first login time as none', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(login('alice', { firstLoginTime: -1 }));
    expect(peer.received).toEqual([accepted]);
  });

  it('is reported in an online event', async () => {
    const bench = await openBench();
    bench.connect('websocket', '192.0.2.7').write(login('alice', { extra: '{"device":"tv"}' }));
    const session = {
      sessionId: 1,
      userId: 'alice',
      deviceId: '',
      transport: 'websocket',
      remoteAddress: '192.0.2.7',
      remotePort: 1,
      firstLoginTime: START_TIME,
      extra: '{"device":"tv"}',
    };
    expect(bench.events.online).toEqual([{ userId: 'alice', session }]);
    expect(bench.events.sessionStarted).toEqual([{ session }]);
  });

  it('passes everything but the first login time to the application', async () => {
    const attempts: LoginAttempt[] = [];
    const bench = await openBench({
      hooks: {
        authenticate: (attempt) => {
          attempts.push(attempt);
          return { accept: true };
        },
      },
    });
    bench.connect('udp', '192.0.2.7').write(login('alice', { loginToken: 's3cret', extra: 'x' }));
    bench.connect('tcp', '192.0.2.8').write(login('bob'));
    expect(attempts).toEqual([
      { userId: 'alice', token: 's3cret', extra: 'x', transport: 'udp', remoteAddress: '192.0.2.7' },
      { userId: 'bob', token: undefined, extra: undefined, transport: 'tcp', remoteAddress: '192.0.2.8' },
    ]);
  });

  it('verifies a UDP address with a fingerprint that the server chose', async () => {
    const bench = await openBench();
    const peer = bench.connect('udp');
    peer.isAwaited = true;
    peer.write(login('alice'));
    const { fp = '', QoS, type } = peer.received[0] ?? {};
    expect({ type, QoS }).toEqual({ type: 50, QoS: true });
    peer.write(acknowledgement('alice', '0', 'a guess'));
    expect(peer.isTrusted).toBe(false);
    peer.write(acknowledgement('alice', '0', fp));
    expect(peer.isTrusted).toBe(true);
  });

  it('does not verify a UDP address by the acknowledgement of a message, whose fingerprint a user chose', async () => {
    const bench = await openBench();
    const peer = bench.connect('udp');
    peer.isAwaited = true;
    peer.write(login('alice'));
    bench.server.send('alice', 'hello', { fingerprint: 'fp-1' }).catch(() => {});
    peer.write(acknowledgement('alice', '0', 'fp-1'));
    expect(bench.metric('messagesDelivered')).toBe(1);
    expect(peer.isTrusted).toBe(false);
  });

  it('makes the user reachable when the login response is written', async () => {
    const bench = await openBench();
    const alice = bench.connect();
    alice.write(login('alice'), message('alice', 'alice', 'am I here?', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 50 }, { type: 2, dataContent: 'am I here?' }]);
  });

  it('delivers what a listener of the online event sends', async () => {
    const bench = await openBench();
    bench.server.on('online', ({ userId }) => {
      void bench.server.send(userId, 'welcome', { fingerprint: 'fp-1' });
    });
    const alice = bench.connect();
    alice.write(login('alice'));
    expect(alice.received).toMatchObject([{ type: 50 }, { type: 2, dataContent: 'welcome' }]);
  });

  it('is not affected when the application changes the event’s object', async () => {
    const bench = await openBench();
    bench.server.on('online', (user) => {
      (user as { userId: string }).userId = user.userId.toUpperCase();
    });
    const alice = bench.connect();
    alice.write(login('alice'), message('alice', 'alice', 'am I myself?', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 50 }, { type: 2, dataContent: 'am I myself?' }]);
    expect(bench.metric('spoofedSenders')).toBe(0);
  });

  it('accepts an ID of 256 characters in any script', async () => {
    const bench = await openBench();
    const userId = '消'.repeat(256);
    const peer = bench.connect();
    peer.write(login(userId));
    expect(peer.received).toMatchObject([{ type: 50, to: userId }]);
    expect(bench.server.isOnline(userId)).toBe(true);
  });

  it('uses the user ID of the content, not from', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(wire({ type: 0, dataContent: '{"loginUserId":"alice"}', from: 'bob', to: '0' }));
    expect(bench.server.isOnline('alice')).toBe(true);
    expect(bench.server.isOnline('bob')).toBe(false);
  });
});

describe('a login that is rejected', () => {
  const refuse = (code: number) => ({
    hooks: { authenticate: (): LoginVerdict => ({ accept: false, code }) },
  });

  it.each(['tcp', 'websocket', 'udp'] as const)(
    'is answered with the code and closed on %s',
    async (transport) => {
      const bench = await openBench(refuse(1025));
      const peer = bench.connect(transport);
      peer.write(login('alice'));
      await bench.settle();
      expect(peer.received).toEqual([refused(1025)]);
      expect(peer.end).toBe('closed');
      expect(peer.isTrusted).toBe(false);
      expect(bench.server.isOnline('alice')).toBe(false);
      expect(bench.events.online).toEqual([]);
      expect(bench.events.offline).toEqual([]);
      expect(bench.metric('loginsRejected')).toBe(1);
      expect(bench.metric('sessionsOpen')).toBe(0);
    },
  );

  it.each([
    ['the server', '0'],
    ['nobody', '-1'],
    ['a name of 257 characters', 'x'.repeat(257)],
  ])('is one in the name of %s, without asking the application', async (_name, userId) => {
    const asked: string[] = [];
    const bench = await openBench({
      hooks: {
        authenticate: (attempt) => {
          asked.push(attempt.userId);
          return { accept: true };
        },
      },
    });
    const peer = bench.connect();
    const content = JSON.stringify({ loginUserId: userId });
    peer.write(wire({ type: 0, dataContent: content, from: 'alice', to: '0' }));
    expect(peer.received).toEqual([refused(4)]);
    expect(peer.isClosed).toBe(true);
    expect(asked).toEqual([]);
    expect(bench.server.sessions()).toEqual([]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('database is down'))],
    [
      'throws at once',
      () => {
        throw new Error('database is down');
      },
    ],
  ])('is one whose hook %s: code 2 and an error event', async (_name, authenticate) => {
    const bench = await openBench({ hooks: { authenticate } });
    const peer = bench.connect();
    peer.write(login('alice'));
    await bench.settle();
    expect(peer.received).toEqual([refused(2)]);
    expect(peer.isClosed).toBe(true);
    const [error] = bench.events.error;
    expect(error).toBeInstanceOf(HookError);
    expect(error?.message).toBe('hook authenticate failed: database is down');
  });

  it.each([
    ['nothing', undefined],
    ['yes', true],
    ['an object that says nothing', {}],
    ['a no without a code', { accept: false }],
    ['a no with a code that is text', { accept: false, code: '1025' }],
    ['a no with code 0, which means yes to a client', { accept: false, code: 0 }],
    ['a no with a code that is not whole', { accept: false, code: 1.5 }],
    ['a yes that is text', { accept: 'true' }],
  ])('is one whose hook answers %s: code 2 and an error event', async (_name, answer) => {
    const hooks: Hooks = Object.assign({}, { authenticate: () => answer as LoginVerdict });
    const bench = await openBench({ hooks });
    const peer = bench.connect();
    peer.write(login('alice'));
    expect(peer.received).toEqual([refused(2)]);
    expect(bench.events.error.map(({ name }) => name)).toEqual(['HookError']);
    expect(bench.server.isOnline('alice')).toBe(false);
  });

  it('ends the session of the user that was logged in on it', async () => {
    const bench = await openBench({
      hooks: {
        authenticate: ({ userId }) => (userId === 'alice' ? { accept: true } : { accept: false, code: 1025 }),
      },
    });
    const peer = await bench.online('alice');
    peer.write(login('mallory'));
    expect(peer.received).toEqual([refused(1025)]);
    expect(peer.isClosed).toBe(true);
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: -1 }]);
    expect(bench.server.sessions()).toEqual([]);
  });
});

describe('a login that cannot be read', () => {
  const unreadable = [
    ['no content', wire({ type: 0, from: 'alice', to: '0' })],
    ['content that is not JSON', wire({ type: 0, dataContent: 'alice', from: 'alice', to: '0' })],
    ['no loginUserId', wire({ type: 0, dataContent: '{"loginToken":"t"}', from: 'alice', to: '0' })],
    ['an empty loginUserId', wire({ type: 0, dataContent: '{"loginUserId":""}', from: 'alice', to: '0' })],
    [
      'an object as loginUserId',
      wire({ type: 0, dataContent: '{"loginUserId":{}}', from: 'alice', to: '0' }),
    ],
  ] as const;

  it.each(unreadable)(
    'because of %s is answered with error 4 and closed on a stream',
    async (_name, text) => {
      const bench = await openBench();
      const peer = bench.connect();
      peer.write(text);
      expect(peer.received).toMatchObject([{ type: 52, from: '0', to: '-1' }]);
      expect(JSON.parse(peer.received[0]?.dataContent ?? '')).toMatchObject({ errorCode: 4 });
      expect(peer.end).toBe('closed');
      expect(bench.metric('violations')).toBe(1);
      expect(bench.events.violation).toMatchObject([{ transport: 'tcp', remoteAddress: '192.0.2.1' }]);
    },
  );

  it.each(unreadable)('because of %s is ignored on UDP, and the next one is taken', async (_name, text) => {
    const bench = await openBench();
    const peer = bench.connect('udp');
    peer.write(text);
    expect(peer.received).toEqual([]);
    expect(bench.metric('sessionsAccepted')).toBe(0);
    expect(bench.metric('violations')).toBe(1);
    peer.write(login('alice'));
    expect(peer.received).toEqual([accepted]);
  });

  it('leaves a user on UDP logged in', async () => {
    const bench = await openBench();
    const peer = await bench.online('alice', 'udp');
    peer.write(wire({ type: 0, dataContent: '{}', from: 'alice', to: '0' }));
    peer.write(keepAlive('alice'));
    expect(peer.received).toMatchObject([{ type: 51, to: 'alice' }]);
  });
});

describe('a login that the application answers later', () => {
  /** An `authenticate` hook whose answers the test gives by hand. */
  function slowHook() {
    const answers: ((verdict: LoginVerdict) => void)[] = [];
    const authenticate = () => new Promise<LoginVerdict>((resolve) => answers.push(resolve));
    return { answers, hooks: { authenticate } };
  }

  it('is answered then', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = bench.connect();
    peer.write(login('alice'));
    await bench.settle();
    expect(peer.received).toEqual([]);
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(peer.received).toEqual([accepted]);
  });

  it('handles what was sent meanwhile afterwards, in order', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = bench.connect();
    peer.write(login('alice'));
    peer.write(message('alice', '0', 'one', 'fp-1'), keepAlive('alice'));
    peer.write(message('alice', '0', 'two', 'fp-2'));
    expect(peer.isPaused).toBe(true);
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(peer.received).toMatchObject([
      { type: 50 },
      { type: 4, dataContent: 'fp-1' },
      { type: 51 },
      { type: 4, dataContent: 'fp-2' },
    ]);
    expect(peer.isPaused).toBe(false);
  });

  it('drops what was sent meanwhile when it is rejected', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = bench.connect();
    peer.write(login('alice'), message('alice', '0', 'one', 'fp-1'));
    answers[0]?.({ accept: false, code: 1030 });
    await bench.settle();
    expect(peer.received).toEqual([refused(1030)]);
    expect(bench.metric('messagesToServer')).toBe(0);
  });

  it('asks about a login that the client repeats meanwhile, and then about the repetition', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = bench.connect('udp');
    peer.write(login('alice'));
    peer.write(login('alice'));
    expect(answers).toHaveLength(1);
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(answers).toHaveLength(2);
    answers[1]?.({ accept: true });
    await bench.settle();
    expect(peer.received).toMatchObject([{ type: 50 }, { type: 50 }]);
    expect(bench.server.sessions()).toHaveLength(1);
  });

  it('does not log in a user whose connection has ended meanwhile', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = bench.connect();
    peer.write(login('alice'));
    peer.leave();
    await bench.settle();
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(bench.server.isOnline('alice')).toBe(false);
    expect(bench.events.online).toEqual([]);
    expect(bench.metric('sessionsOpen')).toBe(0);
  });

  it('handles a logout that was sent meanwhile afterwards', async () => {
    const { answers, hooks } = slowHook();
    const bench = await openBench({ hooks });
    const peer = bench.connect();
    peer.write(
      login('alice'),
      message('alice', '0', 'one', 'fp-1'),
      wire({ type: 3, from: 'alice', to: '0' }),
    );
    expect(peer.isClosed).toBe(false);
    answers[0]?.({ accept: true });
    await bench.settle();
    expect(peer.received).toMatchObject([{ type: 50 }, { type: 4, dataContent: 'fp-1' }]);
    expect(peer.isClosed).toBe(true);
  });

  it('waits while a hook is being asked about an earlier message', async () => {
    const allowed: ((allow: boolean) => void)[] = [];
    const bench = await openBench({
      hooks: { authorizeMessage: () => new Promise<boolean>((resolve) => allowed.push(resolve)) },
    });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(
      message('alice', 'bob', 'one', 'fp-1'),
      login('alice', { firstLoginTime: START_TIME }),
      message('alice', 'bob', 'two', 'fp-2'),
    );
    await bench.settle();
    expect(allowed).toHaveLength(1);
    allowed[0]?.(true);
    await bench.settle();
    allowed[1]?.(true);
    await bench.settle();
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['one', 'two']);
    expect(alice.received).toMatchObject([{ type: 50 }]);
  });
});

describe('a second login on a session that is logged in', () => {
  it('of the same user is answered again and leaves the session as it is', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(login('alice', { firstLoginTime: START_TIME }));
    expect(alice.received).toEqual([accepted]);
    expect(alice.isClosed).toBe(false);
    expect(bench.events.online).toHaveLength(1);
    expect(bench.events.sessionStarted.map(({ session }) => session.sessionId)).toEqual([1, 2]);
    expect(bench.events.sessionEnded).toMatchObject([{ session: { sessionId: 1 }, reason: 'replaced' }]);
    expect(bench.events.offline).toEqual([]);
    expect(bench.server.onlineCount).toBe(1);
  });

  it('of the same user keeps what is in flight to the session', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(login('bob', { firstLoginTime: START_TIME }), acknowledgement('bob', 'alice', 'fp-1'));
    expect(bob.received).toMatchObject([{ type: 2 }, { type: 50 }]);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('of another user asks the application again, and the first user leaves', async () => {
    const asked: string[] = [];
    const bench = await openBench({
      hooks: {
        authenticate: ({ userId }) => {
          asked.push(userId);
          return { accept: true };
        },
      },
    });
    const peer = await bench.online('alice');
    peer.write(login('bob'));
    expect(asked).toEqual(['alice', 'bob']);
    expect(peer.received).toMatchObject([{ type: 50, to: 'bob' }]);
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: -1 }]);
    expect(bench.server.sessions().map(({ userId }) => userId)).toEqual(['bob']);
    expect(bench.server.onlineCount).toBe(1);
    peer.write(message('alice', '0', 'hello', 'fp-1'));
    expect(bench.metric('spoofedSenders')).toBe(1);
    peer.write(message('bob', '0', 'hello', 'fp-2'));
    expect(bench.metric('messagesToServer')).toBe(1);
  });
});

describe('a keep-alive', () => {
  it('is answered on its session', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    alice.write(keepAlive('alice'));
    expect(alice.received).toEqual([
      {
        bridge: false,
        type: 51,
        dataContent: '{}',
        from: '0',
        to: 'alice',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(bob.received).toEqual([]);
  });
});
