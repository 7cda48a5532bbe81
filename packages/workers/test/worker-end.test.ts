import { duplexPair } from 'node:stream';
import type { Connection } from '@imcore/server/ports';
import { Flusher } from '@imcore/server/transport-kit';
import { describe, expect, it } from 'vitest';
import { decodeControl, encodeControl, type WorkerControl } from '../src/link/control.js';
import { Link } from '../src/link/link.js';
import { RecordKind } from '../src/link/records.js';
import { WorkerEnd } from '../src/worker/worker-end.js';
import { until } from './support/until.js';

/** A worker's end of a link whose other end does not read until it is asked to. */
function open() {
  const [ours, theirs] = duplexPair();
  const end = new WorkerEnd(ours, new Flusher(), 100_000, { control() {}, ended() {} });
  const kinds: string[] = [];
  const readOn = (): void => {
    new Link(theirs, new Flusher(), 100_000, {
      record: (kind, id, _bytes, start, to) => void kinds.push(`${kind} ${id} ${to - start}`),
      fellBehind() {},
      caughtUp() {},
      ended() {},
    });
  };
  return { end, kinds, readOn };
}

/** A connection that records what it is asked. */
function connectionOf(transport: 'tcp' | 'udp', calls: string[]): Connection {
  const isReliable = transport === 'tcp';
  return {
    transport,
    isReliable,
    canPause: isReliable,
    addressProof: isReliable ? undefined : { isAwaited: true, allowedBytes: 0, trust() {} },
    remoteAddress: '192.0.2.1',
    remotePort: 1,
    maxSendBytes: 6144,
    bufferedBytes: 0,
    send: () => true,
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    close() {},
    destroy() {},
  };
}

const socket = { remoteAddress: '192.0.2.1', remotePort: 1, fileDescriptor: 9, loginTimedOut() {} };

describe('a worker whose core is behind', () => {
  it('reads from no peer, drops datagrams, rejects sockets, and counts what it drops', async () => {
    const { end, kinds, readOn } = open();
    const calls: string[] = [];
    const tcp = end.opened(connectionOf('tcp', calls), 'tcp', end.admitted(socket, 'tcp'));
    const udp = end.opened(connectionOf('udp', calls), 'udp', undefined);
    const body = 'x'.repeat(50_000);
    for (let sent = 0; sent <= 1024 * 1024; sent += body.length) tcp?.receive(body);
    expect(end.link.isBehind).toBe(true);
    expect(calls).toEqual(['pause']);

    const before = end.link.bufferedBytes;
    udp?.receive(body);
    expect(end.admitted(socket, 'tcp')).toBeUndefined();
    expect(end.opened(connectionOf('udp', calls), 'udp', undefined)).toBeUndefined();
    expect(end.link.bufferedBytes).toBe(before);

    readOn();
    await until(() => !end.link.isBehind && kinds.some((kind) => kind.startsWith(`${RecordKind.Count} `)));
    expect(calls).toEqual(['pause', 'resume']);
    // The count of 3 has the index 3 of its name.
    expect(kinds.at(-1)).toBe(`${RecordKind.Count} 3 4`);
  });

  it('starts a connection paused whose socket was admitted before', () => {
    const { end } = open();
    const calls: string[] = [];
    const id = end.admitted(socket, 'tcp');
    const other = end.opened(connectionOf('tcp', []), 'tcp', end.admitted(socket, 'tcp'));
    for (let times = 0; times < 30; times++) other?.receive('x'.repeat(50_000));
    end.opened(connectionOf('tcp', calls), 'tcp', id);
    expect(calls).toEqual(['pause']);
  });
});

describe('control records', () => {
  it('carry buffers and any text, as ASCII', () => {
    const key = Buffer.from([0, 1, 255]);
    const tls = { key, cert: '证书 😀', ca: [key, 'text'] };
    const encoded = encodeControl({ type: 'reloadTls', tls });
    expect(encoded).toMatch(/^[\x20-\x7e]+$/);
    expect(decodeControl(encoded)).toEqual({ type: 'reloadTls', tls });
  });

  it.each(['', 'null', '{}', '{"type"'])('that are %j are an error', (json) => {
    expect(() => decodeControl<WorkerControl>(json)).toThrow(
      expect.objectContaining({ code: 'ERR_WORKER_LINK' }),
    );
  });
});
