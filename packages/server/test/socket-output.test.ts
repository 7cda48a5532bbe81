import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Flusher } from '../src/transports/flusher.js';
import { SocketOutput } from '../src/transports/socket-output.js';

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A socket that takes what it is given at once, or when the test says so. */
function setUp(takes: 'at once' | 'when drained') {
  const written: string[] = [];
  const waiting: (() => void)[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString('latin1'));
      if (takes === 'at once') done();
      else waiting.push(done);
    },
  });
  const output = new SocketOutput(socket, new Flusher());
  let drained = 0;
  output.onDrained({
    drained: () => {
      drained += 1;
    },
  });
  return { socket, output, written, waiting, drained: () => drained };
}

const MUCH = 'x'.repeat(300_000);

describe('SocketOutput', () => {
  it('writes what one turn has collected in one call', async () => {
    const { output, written } = setUp('at once');
    expect(output.add('one')).toBe(true);
    expect(output.add('two')).toBe(true);
    expect(output.bufferedBytes).toBe(6);
    expect(written).toEqual([]);
    await turn();
    expect(written).toEqual(['onetwo']);
    expect(output.bufferedBytes).toBe(0);
  });

  it('writes at once with flush, and not again later', async () => {
    const { output, written } = setUp('at once');
    output.add('one');
    output.flush();
    expect(written).toEqual(['one']);
    await turn();
    output.flush();
    expect(written).toEqual(['one']);
  });

  it('is slow while much is buffered, and calls drained when the socket has taken it', async () => {
    const { output, waiting, drained } = setUp('when drained');
    expect(output.add(MUCH)).toBe(false);
    expect(output.add('more')).toBe(false);
    await turn();
    expect(drained()).toBe(0);
    expect(output.bufferedBytes).toBe(300_004);
    waiting.shift()?.();
    await turn();
    expect(drained()).toBe(1);
    expect(output.add('more')).toBe(true);
  });

  it('calls drained when the socket takes everything at once', async () => {
    const { output, drained } = setUp('at once');
    expect(output.add(MUCH)).toBe(false);
    await turn();
    await turn();
    expect(drained()).toBe(1);
    expect(output.add('more')).toBe(true);
  });

  it('calls drained for a backlog of a peer that is not slow', async () => {
    const { output, drained } = setUp('at once');
    expect(output.add('x'.repeat(200_000))).toBe(true);
    await turn();
    expect(drained()).toBe(1);
  });

  it('does not call drained without a backlog', async () => {
    const { output, drained } = setUp('at once');
    output.add('x'.repeat(16_000));
    await turn();
    expect(drained()).toBe(0);
  });

  it('ignores bytes for a socket that has ended', async () => {
    const { socket, output, written } = setUp('at once');
    output.add('before');
    socket.destroy();
    expect(output.add(MUCH)).toBe(true);
    await turn();
    expect(written).toEqual([]);
  });
});
