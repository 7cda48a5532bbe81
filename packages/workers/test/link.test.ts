import { type Duplex, duplexPair } from 'node:stream';
import { Flusher } from '@imcore/server/transport-kit';
import { describe, expect, it } from 'vitest';
import type { WorkerError } from '../src/errors.js';
import { Link, type LinkOwner } from '../src/link/link.js';
import { RecordKind } from '../src/link/records.js';
import { until } from './support/until.js';

class Recorder implements LinkOwner {
  readonly records: string[] = [];
  readonly happened: string[] = [];
  error: WorkerError | undefined = undefined;

  record(kind: RecordKind, connection: number, bytes: Buffer, start: number, end: number): void {
    this.records.push(`${kind} ${connection} ${bytes.toString('latin1', start, end)}`);
  }

  fellBehind(): void {
    this.happened.push('behind');
  }

  caughtUp(): void {
    this.happened.push('caught up');
  }

  ended(error: WorkerError | undefined): void {
    this.happened.push('ended');
    this.error = error;
  }
}

function open(stream: Duplex, maxBodyBytes = 1000): { link: Link; owner: Recorder } {
  const owner = new Recorder();
  return { owner, link: new Link(stream, new Flusher(), maxBodyBytes, owner) };
}

describe('Link', () => {
  it('sends the records of one turn with one write', async () => {
    const [ours, theirs] = duplexPair();
    const { link } = open(ours);
    const chunks: Buffer[] = [];
    theirs.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (let id = 1; id <= 100; id++) link.send(RecordKind.Message, id, 'hello');
    await until(() => chunks.length > 0);
    expect(chunks.map(({ length }) => length)).toEqual([100 * 14]);
    expect(link.bytesSent).toBe(1400);
  });

  it('passes records in both directions, in order', async () => {
    const [ours, theirs] = duplexPair();
    const a = open(ours);
    const b = open(theirs);
    a.link.send(RecordKind.Pause, 3);
    a.link.send(RecordKind.Message, 4, 'to b');
    b.link.send(RecordKind.Closed, 5);
    await until(() => a.owner.records.length === 1 && b.owner.records.length === 2);
    expect(b.owner.records).toEqual(['18 3 ', '2 4 to b']);
    expect(a.owner.records).toEqual(['14 5 ']);
  });

  it('says that the other side is behind, and that it has caught up', async () => {
    const [ours, theirs] = duplexPair();
    const { link, owner } = open(ours);
    const body = 'x'.repeat(1000);
    for (let sent = 0; sent <= 1024 * 1024; sent += body.length) link.send(RecordKind.Message, 1, body);
    expect(owner.happened).toEqual(['behind']);
    expect(link.isBehind).toBe(true);
    expect(link.bufferedBytes).toBeGreaterThan(1024 * 1024);
    theirs.resume();
    await until(() => !link.isBehind);
    expect(owner.happened).toEqual(['behind', 'caught up']);
    expect(link.timesBehind).toBe(1);
  });

  it('ends with an error when it gets what is no record', async () => {
    const [ours, theirs] = duplexPair();
    const { owner } = open(ours);
    theirs.resume();
    theirs.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => owner.happened.includes('ended'));
    expect(owner.error).toMatchObject({
      code: 'ERR_WORKER_LINK',
      message: 'a record has the kind 71, the kinds are 1 to 23',
    });
    expect(owner.records).toEqual([]);
  });

  it('reports an end within a record', async () => {
    const [ours, theirs] = duplexPair();
    const { owner } = open(ours);
    theirs.resume();
    theirs.end(Buffer.of(RecordKind.Message, 0, 0));
    await until(() => owner.happened.includes('ended'));
    expect(owner.error?.message).toBe('a link has ended within a record');
  });

  it('sends what it was given before it ends', async () => {
    const [ours, theirs] = duplexPair();
    const a = open(ours);
    const b = open(theirs);
    a.link.send(RecordKind.Message, 1, 'last');
    a.link.end();
    a.link.send(RecordKind.Message, 1, 'too late');
    await until(() => a.owner.happened.includes('ended') && b.owner.happened.includes('ended'));
    expect(b.owner.records).toEqual(['2 1 last']);
    expect(b.owner.error).toBeUndefined();
  });
});
