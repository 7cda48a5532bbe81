import { decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { acknowledgement, message, plainMessage, toBody, wire } from './support/wire.js';

describe('a message to another user', () => {
  it('reaches the receiver as exactly the bytes that its sender wrote', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    const text =
      '{"bridge":false,"type":2,"dataContent":"a \\u003c b 消息","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":7,"sm":-1}';
    alice.write(text);
    expect(bob.frames).toEqual([toBody(text)]);
  });

  it('is encoded again if it differs from what the server would write', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(
      '{"to":"bob","fp":"fp-1","QoS":"true","type":2.0,"dataContent":5,"retryCount":1,"from":"alice"}',
    );
    expect(bob.frames).toEqual([
      '{"bridge":false,"type":2,"dataContent":"5","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":0,"sm":0}',
    ]);
  });

  it('asks for no acknowledgement if it has no fingerprint', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(wire({ type: 2, dataContent: 'hello', from: 'alice', to: 'bob', QoS: true }));
    expect(bob.received).toMatchObject([{ QoS: false, dataContent: 'hello' }]);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('is acknowledged to its sender only when the receiver has acknowledged', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(3000);
    expect(alice.received).toEqual([]);
    expect(bench.metric('messagesInFlight')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toEqual([
      {
        bridge: false,
        type: 4,
        dataContent: 'fp-1',
        from: 'bob',
        to: 'alice',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(bench.metric('messagesInFlight')).toBe(0);
    expect(bench.events.delivered).toEqual([
      {
        from: 'alice',
        to: 'bob',
        content: 'hello',
        type: -1,
        fingerprint: 'fp-1',
        qos: true,
        bridged: false,
      },
    ]);
    expect(bench.events.received).toEqual([
      { userId: 'bob', from: 'alice', fingerprint: 'fp-1', deviceId: '' },
    ]);
  });

  it('is not acknowledged when a copy comes before that, and is acknowledged again after it', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toHaveLength(1);
    expect(alice.received).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    alice.takeReceived();
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toHaveLength(1);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob', to: 'alice' }]);
    expect(bench.metric('messagesDuplicate')).toBe(2);
  });

  it('can be sent to several users with one fingerprint', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    const carol = await bench.online('carol');
    alice.write(message('alice', 'bob', 'to all', 'fp-1'), message('alice', 'carol', 'to all', 'fp-1'));
    alice.write(message('alice', '0', 'to all', 'fp-1'));
    expect(bob.received).toHaveLength(1);
    expect(carol.received).toHaveLength(1);
    carol.write(acknowledgement('carol', 'alice', 'fp-1'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received.map(({ from, dataContent }) => [from, dataContent])).toEqual([
      ['0', 'fp-1'],
      ['carol', 'fp-1'],
      ['bob', 'fp-1'],
    ]);
    alice.write(message('alice', 'carol', 'to all', 'fp-1'));
    expect(carol.received).toHaveLength(1);
    expect(alice.received).toHaveLength(4);
  });

  it('can be sent to oneself', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(message('alice', 'alice', 'note', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 2, dataContent: 'note' }]);
    alice.write(acknowledgement('alice', 'alice', 'fp-1'));
    expect(alice.received[1]).toMatchObject({ type: 4, dataContent: 'fp-1', from: 'alice' });
  });

  it('crosses from one transport to any other', async () => {
    const bench = await openBench();
    const peers = [
      await bench.online('t', 'tcp'),
      await bench.online('u', 'udp'),
      await bench.online('w', 'websocket'),
    ];
    for (const from of ['t', 'u', 'w']) {
      const sender = peers[['t', 'u', 'w'].indexOf(from)];
      for (const to of ['t', 'u', 'w']) sender?.write(plainMessage(from, to, `${from}→${to}`));
    }
    for (const [index, to] of ['t', 'u', 'w'].entries()) {
      expect(peers[index]?.received.map(({ dataContent }) => dataContent)).toEqual([
        `t→${to}`,
        `u→${to}`,
        `w→${to}`,
      ]);
    }
  });

  it('without QoS is written once and never acknowledged', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice', 'websocket');
    const bob = await bench.online('bob');
    alice.write(plainMessage('alice', 'bob', 'hello'));
    expect(bob.received).toMatchObject([{ type: 2, QoS: false, dataContent: 'hello' }]);
    expect(bench.events.delivered).toMatchObject([{ content: 'hello', qos: false, fingerprint: undefined }]);
    await bench.advance(15_000);
    expect(bob.received).toHaveLength(1);
    expect(alice.received).toEqual([]);
  });

  it('keeps the order of one sender', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    for (let i = 0; i < 100; i++) alice.write(message('alice', 'bob', `${i}`, `fp-${i}`));
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(
      Array.from({ length: 100 }, (_, index) => `${index}`),
    );
  });
});

describe('an acknowledgement', () => {
  it.each([
    ['of a message that was never sent', acknowledgement('mallory', 'alice', 'fp-9')],
    ['of a message to somebody else', acknowledgement('mallory', 'alice', 'fp-1')],
    ['without a fingerprint', wire({ type: 4, from: 'mallory', to: 'alice' })],
  ])('%s is ignored and counted', async (_name, text) => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    await bench.online('bob');
    const mallory = await bench.online('mallory');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    mallory.write(text);
    expect(alice.received).toEqual([]);
    expect(mallory.received).toEqual([]);
    expect(bench.metric('unknownAcknowledgements')).toBe(1);
    expect(bench.metric('messagesInFlight')).toBe(1);
    expect(bench.events.rejected).toEqual([
      {
        reason: 'unknown-acknowledgement',
        type: 4,
        to: decodeFrameBody(text).to,
        fingerprint: decodeFrameBody(text).dataContent,
        transport: 'tcp',
        remoteAddress: '192.0.2.1',
        userId: 'mallory',
      },
    ]);
  });

  it('to another user than the sender is ignored', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(acknowledgement('bob', 'carol', 'fp-1'));
    expect(alice.received).toEqual([]);
    expect(bench.metric('unknownAcknowledgements')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toHaveLength(1);
  });

  it('in another user’s name is rejected', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    await bench.online('bob');
    const mallory = await bench.online('mallory');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    mallory.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toEqual([]);
    expect(bench.metric('spoofedSenders')).toBe(1);
  });

  it('counts once', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'), acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toHaveLength(1);
    expect(bench.events.received).toHaveLength(1);
    expect(bench.metric('unknownAcknowledgements')).toBe(1);
  });

  it('without to counts for the only message with its fingerprint', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(wire({ type: 4, dataContent: 'fp-1' }));
    expect(alice.received).toEqual([
      {
        bridge: false,
        type: 4,
        dataContent: 'fp-1',
        from: 'bob',
        to: 'alice',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
  });

  it('keeps equal fingerprints of two senders apart', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const carol = await bench.online('carol');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'from alice', 'fp-1'));
    carol.write(message('carol', 'bob', 'from carol', 'fp-1'));
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['from alice', 'from carol']);
    bob.write(acknowledgement('bob', 'carol', 'fp-1'));
    expect(carol.received).toHaveLength(1);
    expect(alice.received).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toHaveLength(1);
  });

  it('reaches the sender without asking for an acknowledgement itself', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.write(wire({ type: 4, dataContent: 'fp-1', from: 'bob', to: 'alice', fp: 'fp-2', QoS: true }));
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', QoS: false }]);
    expect(alice.received[0]?.fp).toBeUndefined();
  });

  it('to a sender who is offline is remembered and sent when the sender repeats the message', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    alice.leave();
    await bench.settle();
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    const back = await bench.online('alice');
    back.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toHaveLength(1);
    expect(back.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });
});

describe('a message that is not acknowledged', () => {
  it('is written again after 5 s, once, and given up 5 s later', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(4999);
    expect(bob.frames).toHaveLength(1);
    await bench.advance(1);
    expect(bob.frames).toHaveLength(2);
    expect(bob.frames[1]).toBe(bob.frames[0]);
    expect(bench.metric('retransmissions')).toBe(1);
    await bench.advance(4999);
    expect(bench.events.lost).toEqual([]);
    await bench.advance(1);
    expect(bob.frames).toHaveLength(2);
    expect(bench.events.lost).toMatchObject([{ userId: 'bob', messages: [{ fingerprint: 'fp-1' }] }]);
    expect(bench.events.undelivered).toMatchObject([
      { reason: 'not-acknowledged', message: { fingerprint: 'fp-1', content: 'hello' } },
    ]);
    expect(alice.received).toEqual([]);
    expect(bench.metric('abandoned')).toBe(1);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('counts as received when its second copy is acknowledged', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(9999);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    await bench.advance(1);
    expect(bench.events.lost).toEqual([]);
  });

  it('does not count as received after it was given up', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(10_000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toEqual([]);
    expect(bench.metric('unknownAcknowledgements')).toBe(1);
  });

  it('is accepted again when its sender repeats it after it was given up', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(10_000);
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(bob.frames).toHaveLength(3);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toHaveLength(1);
  });

  it('is written as often as the option retry says', async () => {
    const bench = await openBench({ retry: { waitMs: 1000, retries: 3 } });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(3999);
    expect(bob.frames).toHaveLength(4);
    await bench.advance(1);
    expect(bench.events.lost).toHaveLength(1);
  });

  it('goes to the application when it is given up, if the application takes it', async () => {
    const bench = await openBench({ hooks: { onUndeliverable: () => true } });
    const alice = await bench.online('alice');
    await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.advance(10_000);
    expect(bench.events.lost).toHaveLength(1);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob' }]);
    expect(bench.events.stored).toMatchObject([{ fingerprint: 'fp-1' }]);
  });

  it('goes to the application at once when the receiver’s session ends', async () => {
    const offered: string[] = [];
    const bench = await openBench({
      hooks: {
        onUndeliverable: ({ content }) => {
          offered.push(content);
          return true;
        },
      },
    });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    bob.leave();
    await bench.settle();
    expect(offered).toEqual(['two']);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
  });

  it('reaches the receiver’s next session when its sender repeats it', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    bob.leave();
    await bench.settle();
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
    const back = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(back.received).toMatchObject([{ fp: 'fp-1' }]);
  });
});

describe('a message to a user who is not online', () => {
  it('is dropped, and its sender not acknowledged, without a store and a hook', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toEqual([
      {
        reason: 'offline',
        message: {
          from: 'alice',
          to: 'bob',
          content: 'hello',
          type: -1,
          fingerprint: 'fp-1',
          qos: true,
          bridged: false,
        },
      },
    ]);
    expect(bench.metric('messagesUndelivered')).toBe(1);
  });

  it.each([
    ['at once', () => true],
    ['later', () => Promise.resolve(true)],
  ])('is acknowledged where the application takes it %s, and its hook runs once', async (_name, take) => {
    let calls = 0;
    const bench = await openBench({
      hooks: {
        onUndeliverable: () => {
          calls += 1;
          return take();
        },
      },
    });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob', to: 'alice' }]);
    expect(bench.events.stored).toMatchObject([{ content: 'hello' }]);
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toHaveLength(2);
    expect(calls).toBe(1);
  });

  it.each([
    ['says no', () => false, []],
    ['says no later', () => Promise.resolve(false), []],
    [
      'throws',
      () => {
        throw new Error('no disk');
      },
      ['hook onUndeliverable failed: no disk'],
    ],
    ['rejects', () => Promise.reject(new Error('no disk')), ['hook onUndeliverable failed: no disk']],
  ])(
    'is dropped where the application %s, which is asked again about the next copy',
    async (_name, answer, errors) => {
      let calls = 0;
      const bench = await openBench({
        hooks: {
          onUndeliverable: () => {
            calls += 1;
            return answer();
          },
        },
      });
      const alice = await bench.online('alice');
      alice.write(message('alice', 'bob', 'hello', 'fp-1'));
      await bench.settle();
      expect(alice.received).toEqual([]);
      expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
      expect(bench.events.error.map(({ message: text }) => text)).toEqual(errors);
      alice.write(message('alice', 'bob', 'hello', 'fp-1'));
      expect(calls).toBe(2);
    },
  );

  it('is dropped if the application answers anything but true', async () => {
    const bench = await openBench({ hooks: { onUndeliverable: () => 'stored' as unknown as boolean } });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
  });

  it('is offered to the application without QoS too, and never acknowledged', async () => {
    const offered: boolean[] = [];
    const bench = await openBench({
      hooks: {
        onUndeliverable: ({ qos }) => {
          offered.push(qos);
          return true;
        },
      },
    });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', 'bob', 'hello'));
    expect(offered).toEqual([false]);
    expect(alice.received).toEqual([]);
  });

  it('is not kept: the user gets nothing at the next login', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'), plainMessage('alice', 'bob', 'hi'));
    const bob = await bench.online('bob');
    await bench.advance(5000);
    expect(bob.received).toEqual([]);
  });
});

describe('a message that is too long for its receiver’s transport', () => {
  it('is not sent, and does not block later messages', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    alice.write(
      message('alice', 'bob', 'x'.repeat(1000), 'fp-1'),
      message('alice', 'bob', 'short', 'fp-2'),
      plainMessage('alice', 'bob', 'y'.repeat(1000)),
    );
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-2']);
    expect(bench.events.undelivered).toMatchObject([
      { reason: 'too-large', message: { fingerprint: 'fp-1' } },
      { reason: 'too-large', message: { fingerprint: undefined } },
    ]);
    expect(bench.metric('messagesTooLarge')).toBe(2);
    expect(alice.received).toEqual([]);
  });

  it('is measured in bytes', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    const frame = (content: string) => message('alice', 'bob', content, 'fp-1');
    const room = 1024 - frame('').length;
    alice.write(frame('消'.repeat(Math.floor(room / 3) + 1)));
    expect(bob.frames).toEqual([]);
    alice.write(frame('消'.repeat(Math.floor(room / 3))));
    expect(bob.frames).toHaveLength(1);
    expect(bob.frames[0]?.length).toBeGreaterThan(1020);
  });

  it('goes to the application, if the application takes it', async () => {
    const bench = await openBench({ hooks: { onUndeliverable: () => true } });
    const alice = await bench.online('alice');
    await bench.online('bob', 'udp');
    alice.write(message('alice', 'bob', 'x'.repeat(1000), 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });
});
