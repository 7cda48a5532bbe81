import { decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { acknowledgement, keepAlive, logout, message, wire } from './support/wire.js';

const early = [
  ['a keep-alive', keepAlive('alice')],
  ['a message', message('alice', 'bob', 'hi <b>', 'fp-1')],
  ['an acknowledgement', acknowledgement('alice', 'bob', 'fp-1')],
] as const;

describe('a packet of a session that is not logged in', () => {
  it.each(early)(
    'that is %s gets error 301 with its own text on a stream, which closes',
    async (_name, text) => {
      const bench = await openBench();
      const peer = bench.connect('tcp');
      peer.write(text);
      expect(peer.received).toEqual([
        {
          bridge: false,
          type: 52,
          dataContent: JSON.stringify({ errorCode: 301, errorMsg: text }),
          from: '0',
          to: '-1',
          QoS: false,
          typeu: -1,
          sm: -1,
        },
      ]);
      expect(peer.end).toBe('closed');
      expect(bench.metric('notLoggedIn')).toBe(1);
      expect(bench.events.rejected).toEqual([
        {
          reason: 'not-logged-in',
          type: decodeFrameBody(text).type,
          to: decodeFrameBody(text).to,
          fingerprint: decodeFrameBody(text).fp,
          transport: 'tcp',
          remoteAddress: '192.0.2.1',
          userId: undefined,
        },
      ]);
    },
  );

  it.each(early)(
    'that is %s gets error 301 without text on UDP, and leaves no session',
    async (_name, text) => {
      const bench = await openBench();
      const peer = bench.connect('udp');
      peer.write(text);
      expect(peer.received).toMatchObject([{ type: 52, dataContent: '{"errorCode":301}', to: '-1' }]);
      expect(peer.end).toBe('closed');
      expect(bench.metric('notLoggedIn')).toBe(1);
      expect(bench.metric('sessionsAccepted')).toBe(0);
    },
  );

  it('gets error 301 without text if the text would be too long for the peer', async () => {
    const bench = await openBench();
    const peer = bench.connect('tcp');
    peer.write(message('alice', 'bob', 'x'.repeat(5900), 'fp-1'));
    expect(peer.received).toMatchObject([{ type: 52, dataContent: '{"errorCode":301}' }]);
    expect(peer.isClosed).toBe(true);
  });

  it('is not delivered', async () => {
    const bench = await openBench();
    const bob = await bench.online('bob');
    bench.connect('udp').write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toEqual([]);
  });

  it.each(['tcp', 'udp'] as const)('that is an echo comes back as type 53 on %s', async (transport) => {
    const bench = await openBench();
    const peer = bench.connect(transport);
    peer.write(wire({ type: 5, dataContent: '回声', from: 'nobody', to: '0', typeu: 7 }));
    expect(peer.received).toEqual([
      {
        bridge: false,
        type: 53,
        dataContent: '回声',
        from: 'nobody',
        to: '0',
        QoS: false,
        typeu: 7,
        sm: -1,
      },
    ]);
    expect(peer.isClosed).toBe(transport === 'udp');
  });

  it('that is a logout ends the session', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(logout('alice'));
    expect(peer.received).toEqual([]);
    expect(peer.end).toBe('closed');
  });

  it('of an unknown type is ignored', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(wire({ type: 99, from: 'alice', to: '0' }), wire({ type: 50, from: 'alice', to: '0' }));
    expect(peer.received).toEqual([]);
    expect(peer.isClosed).toBe(false);
  });
});

describe('data that is not a packet', () => {
  it.each([
    ['text', 'hello', 'ERR_MALFORMED_PACKET'],
    ['an array', '[1]', 'ERR_MALFORMED_PACKET'],
    ['a field of a wrong type', '{"type":{}}', 'ERR_INVALID_FIELD'],
    ['an empty frame', '', 'ERR_EMPTY_FRAME'],
  ])('as %s is answered once with error 4 and closes a stream', async (_name, text, code) => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write(text, text);
    await bench.settle();
    expect(peer.received).toMatchObject([{ type: 52, from: '0', to: '-1' }]);
    expect(JSON.parse(peer.received[0]?.dataContent ?? '')).toMatchObject({ errorCode: 4 });
    expect(peer.end).toBe('closed');
    expect(bench.events.violation).toMatchObject([
      { code, transport: 'tcp', remoteAddress: '192.0.2.1', userId: undefined },
    ]);
    expect(bench.metric('violations')).toBe(1);
  });

  it('is ignored on UDP and counted', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice', 'udp');
    alice.write('hello');
    expect(alice.received).toEqual([]);
    expect(alice.isClosed).toBe(false);
    expect(bench.metric('violations')).toBe(1);
    expect(bench.events.violation).toMatchObject([{ transport: 'udp', userId: 'alice' }]);
  });

  it('leaves no session on UDP', async () => {
    const bench = await openBench();
    const stranger = bench.connect('udp');
    for (let i = 0; i < 1000; i++) stranger.write('x');
    expect(stranger.received).toEqual([]);
    expect(bench.server.metrics()).toMatchObject({
      violations: 1000,
      sessionsAccepted: 0,
      sessionsOpen: 0,
      limitSessionsPerAddress: 0,
    });
    expect(bench.connect('tcp').rejection).toBeUndefined();
  });

  it('is answered to the logged-in user, whose session ends', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write('hello');
    expect(alice.received).toMatchObject([{ type: 52, to: 'alice' }]);
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: -1 }]);
  });

  it('is not quoted in the error or in the event', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    peer.write('{"type":0,"dataContent":"s3cret"');
    expect(JSON.stringify([peer.received, bench.events.violation])).not.toContain('s3cret');
  });
});

describe('a logout', () => {
  it('ends the session, and the user is offline without a kick-out', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(logout('alice'));
    expect(alice.received).toEqual([]);
    expect(alice.end).toBe('closed');
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: -1 }]);
    expect(bench.server.isOnline('alice')).toBe(false);
    await bench.settle();
    expect(bench.metric('sessionsOpen')).toBe(0);
  });

  it('makes the server ignore what is sent after it', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice', 'udp');
    const bob = await bench.online('bob');
    alice.write(logout('alice'), message('alice', 'bob', 'too late', 'fp-1'));
    expect(bob.received).toEqual([]);
  });
});
