import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { PeerReports } from '../src/sessions/peer-reports.js';
import { openBench } from './support/bench.js';
import { Peer } from './support/peer-transport.js';
import { createRuntime } from './support/runtime.js';
import { acknowledgement, message, wire } from './support/wire.js';

const like = (type: number, fp = 'fp-1') =>
  wire({ type, dataContent: 'x', from: 'alice', to: 'bob', fp, QoS: true });

describe('a packet of a type without a handler', () => {
  it.each([6, 50, 51, 52, 53, 54, 99, -1])(
    'is counted, reported and never acknowledged: %d',
    async (type) => {
      const bench = await openBench();
      const alice = await bench.online('alice');
      const anonymous = bench.connect();
      for (const peer of [alice, anonymous]) peer.write(like(type));
      await bench.advance(1000);
      expect([alice.received, anonymous.received]).toEqual([[], []]);
      expect([alice.isClosed, anonymous.isClosed]).toEqual([false, false]);
      expect(bench.metric('unknownTypes')).toBe(2);
      const event = { reason: 'unknown-type', type, to: 'bob', fingerprint: 'fp-1', transport: 'tcp' };
      expect(bench.events.rejected).toMatchObject([
        { ...event, userId: 'alice' },
        { ...event, userId: undefined },
      ]);
    },
  );

  it('is passed to the application’s handler if there is one', async () => {
    const seen: unknown[] = [];
    const handlers = {
      6: {
        allowed: 'in-own-name',
        isWork: false,
        handle: (
          session: { readonly info: { readonly userId: string } },
          packet: { readonly type: number },
        ) => void seen.push([session.info.userId, packet.type]),
      },
    } as const;
    const bench = await openBench({ handlers });
    const alice = await bench.online('alice');
    alice.write(like(6), wire({ type: 6, from: 'bob', to: 'alice' }));
    bench.connect().write(like(6));
    expect(seen).toEqual([['alice', 6]]);
    expect(bench.metric('unknownTypes')).toBe(0);
    expect(bench.events.rejected.map(({ reason }) => reason)).toEqual(['spoofed-sender', 'not-logged-in']);
  });

  it('whose handler fails later is reported', async () => {
    const failure = new Error('no such room');
    const handle = () => Promise.reject(failure);
    const bench = await openBench({ handlers: { 6: { allowed: 'anyone', isWork: false, handle } } });
    const alice = await bench.online('alice');
    alice.write(like(6));
    await bench.settle();
    expect(bench.events.error).toEqual([failure]);
  });

  it('whose handler throws is reported, and the session continues', async () => {
    const failure = new Error('no such room');
    const handle = () => {
      throw failure;
    };
    const bench = await openBench({ handlers: { 6: { allowed: 'anyone', isWork: false, handle } } });
    const alice = await bench.online('alice');
    alice.write(like(6), message('alice', '0', 'hello', 'fp-2'));
    expect(bench.events.error).toEqual([failure]);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-2' }]);
  });
});

describe('a rejection', () => {
  it('is reported once for each message, and counted for each copy', async () => {
    const bench = await openBench({ hooks: { authorizeMessage: () => false } });
    const alice = await bench.online('alice');
    for (let copy = 0; copy < 3; copy++) {
      alice.write(message('alice', 'bob', 'hello', 'fp-1'));
      alice.write(message('alice', 'carol', 'hello', 'fp-1'));
      alice.write(acknowledgement('alice', 'bob', 'fp-9'));
    }
    const seen = bench.events.rejected.map(({ reason, to, fingerprint }) => [reason, to, fingerprint]);
    expect(seen).toEqual([
      ['not-authorized', 'bob', 'fp-1'],
      ['not-authorized', 'carol', 'fp-1'],
      ['unknown-acknowledgement', 'bob', 'fp-9'],
    ]);
    expect(bench.metric('notAuthorized')).toBe(6);
    expect(bench.metric('unknownAcknowledgements')).toBe(3);
  });

  it('of a packet without a fingerprint is reported each time', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    for (let copy = 0; copy < 3; copy++) alice.write(wire({ type: 2, from: 'alice', dataContent: 'x' }));
    expect(bench.events.rejected.map(({ reason }) => reason)).toEqual(Array(3).fill('no-receiver'));
  });

  it('is remembered for 64 messages of a connection', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    for (let round = 0; round < 2; round++) for (let at = 0; at < 65; at++) alice.write(like(6, `fp-${at}`));
    expect(bench.events.rejected).toHaveLength(130);
    expect(bench.metric('unknownTypes')).toBe(130);
  });
});

describe('what is remembered of rejected packets', () => {
  it('does not grow with what they acknowledge', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const runtime = createRuntime();
    runtime.events.on('rejected', () => {});
    const reports = new PeerReports(runtime);
    const connection = new Peer('websocket', '192.0.2.1', 1);
    const report = (at: number): void => {
      const dataContent = String(at).padStart(65_000, 'x');
      const packet = decodeFrameBody(wire({ type: 4, dataContent, from: 'alice', to: 'bob' }));
      reports.rejected({ connection, user: undefined }, 'unknown-acknowledgement', packet);
    };
    report(0);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 1; at < 64; at++) report(at);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
    expect(connection.isClosed).toBe(false);
  });
});
