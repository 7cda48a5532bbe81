import { duplexPair } from 'node:stream';
import { ProtocolError } from '@imcore/protocol';
import { Flusher, WithheldBytes } from '@imcore/server/transport-kit';
import { describe, expect, it } from 'vitest';
import { RecordingHandler } from '../../testkit/src/contracts/server-transport-fixture.js';
import { RemoteConnection } from '../src/core/remote-connection.js';
import { Link } from '../src/link/link.js';
import { RecordKind } from '../src/link/records.js';
import { until } from './support/until.js';

const FIELDS = {
  transport: 'tcp',
  isReliable: true,
  canPause: true,
  mustProve: false,
  maxSendBytes: 6144,
  remoteAddress: '192.0.2.1',
  remotePort: 4711,
} as const;

/** A connection of the core, and the kinds of the records that it has sent to the worker. */
function open() {
  const [ours, theirs] = duplexPair();
  const kinds: number[] = [];
  const ignored = { fellBehind() {}, caughtUp() {}, ended() {} };
  const record = (kind: number): void => void kinds.push(kind);
  new Link(theirs, new Flusher(), 10_000, { ...ignored, record });
  const link = new Link(ours, new Flusher(), 10_000, { ...ignored, record() {} });
  const connection = new RemoteConnection(5, FIELDS, link, new WithheldBytes(), () => {});
  const handler = new RecordingHandler(connection);
  connection.start(handler);
  return { connection, handler, kinds, link };
}

describe('RemoteConnection', () => {
  it('keeps what arrives while it is paused, in order with the end', async () => {
    const { connection, handler } = open();
    connection.pause();
    connection.received('one');
    connection.received('two');
    connection.closed();
    expect(handler.received).toEqual([]);
    expect(handler.closedCount).toBe(0);
    connection.resume();
    expect(handler.received).toEqual([]);
    await until(() => handler.closedCount === 1);
    expect(handler.received).toEqual(['one', 'two']);
    expect(handler.callsAfterClosed).toBe(0);
  });

  it('stops at the frame that pauses it again', async () => {
    const { connection, handler } = open();
    connection.pause();
    for (const body of ['one', 'two', 'three']) connection.received(body);
    const receive = handler.receive.bind(handler);
    handler.receive = (body) => {
      receive(body);
      if (body === 'two') connection.pause();
    };
    connection.resume();
    await until(() => handler.received.length === 2);
    connection.received('four');
    connection.resume();
    await until(() => handler.received.length === 4);
    expect(handler.received).toEqual(['one', 'two', 'three', 'four']);
  });

  it('ends at once when the worker is lost', () => {
    const { connection, handler } = open();
    connection.pause();
    connection.received('one');
    connection.lost();
    expect(handler.received).toEqual([]);
    expect(handler.closedCount).toBe(1);
  });

  it('ignores what arrives after the core has closed it', () => {
    const { connection, handler } = open();
    connection.close();
    connection.received('late');
    connection.violated(new ProtocolError('ERR_EMPTY_FRAME', 'late'));
    connection.answeredPing(true);
    expect(handler.received).toEqual([]);
    expect(handler.violations).toEqual([]);
    connection.closed();
    expect(handler.closedCount).toBe(1);
  });

  it('asks once when what a slow peer was sent has left', async () => {
    const { connection, handler, kinds } = open();
    for (let times = 0; times < 20; times++) connection.send('x'.repeat(1000), 'message');
    expect(connection.bufferedBytes).toBe(0);
    connection.progressed(2000);
    expect(connection.bufferedBytes).toBe(18_000);
    connection.progressed(3000);
    await until(() => kinds.length === 21);
    expect(kinds.filter((kind) => kind === RecordKind.Probe)).toHaveLength(1);
    connection.drained(20_000);
    expect(handler.drainedCount).toBe(1);
    expect(connection.bufferedBytes).toBe(0);
  });

  it('asks again when more was sent meanwhile', async () => {
    const { connection, handler, kinds } = open();
    for (let times = 0; times < 20; times++) connection.send('x'.repeat(1000), 'message');
    connection.progressed(0);
    for (let times = 0; times < 20; times++) connection.send('x'.repeat(1000), 'message');
    connection.drained(20_000);
    expect(handler.drainedCount).toBe(0);
    expect(connection.bufferedBytes).toBe(20_000);
    await until(() => kinds.length === 42);
    expect(kinds.filter((kind) => kind === RecordKind.Probe)).toHaveLength(2);
    connection.drained(40_000);
    expect(handler.drainedCount).toBe(1);
  });

  it('has no room while its worker does not read', () => {
    const { connection, link } = open();
    while (!link.isBehind) expect(connection.send('x'.repeat(5000), 'message')).toBe(true);
    // What was sent before the link was behind is not counted.
    expect(connection.bufferedBytes).toBe(5000);
    for (let times = 2; times <= 52; times++) connection.send('x'.repeat(5000), 'message');
    expect(connection.bufferedBytes).toBe(260_000);
    expect(connection.send('x'.repeat(5000), 'message')).toBe(false);
  });
});
