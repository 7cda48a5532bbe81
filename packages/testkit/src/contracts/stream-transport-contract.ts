import { expect, it } from 'vitest';
import { bodies, type TransportBench } from './transport-bench.js';

/** More than the socket buffers of any platform can hold, in bytes. */
const FLOOD_BYTES = 16 * 1024 * 1024;

/** Length of a body of the flood, in bytes. */
const FLOOD_BODY_BYTES = 6000;

/** The additional rules for transports over streams. */
export function describeStreamTransport(open: () => Promise<TransportBench>): void {
  it('accepts the largest body, and reports one byte more as a violation', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    const largest = 'x'.repeat(bench.fixture.maxBodyBytes);
    peer.send(largest);
    await bench.until(() => handler.received.length > 0);
    expect(handler.received).toEqual([largest]);
    peer.send(`${largest}y`);
    await bench.until(() => handler.violations.length > 0);
    expect(handler.received).toHaveLength(1);
    expect(handler.violations.map(({ code }) => code)).toEqual(['ERR_FRAME_TOO_LARGE']);
  });

  it('reads nothing after a violation', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    peer.send('x'.repeat(bench.fixture.maxBodyBytes + 1));
    peer.send('more');
    await bench.until(() => handler.violations.length > 0);
    await bench.fixture.settle();
    expect(handler.received).toEqual([]);
    expect(handler.violations).toHaveLength(1);
  });

  it('reports that a peer does not read, and that it has caught up', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    peer.pause();
    const sent = flood();
    const answers = sent.map((body) => handler.connection.send(body, 'message'));
    expect(answers[0]).toBe(true);
    expect(answers.at(-1)).toBe(false);
    await bench.fixture.settle();
    expect(handler.connection.bufferedBytes).toBeGreaterThan(0);
    expect(handler.drainedCount).toBe(0);

    peer.resume();
    await bench.until(() => peer.received.length === sent.length && handler.drainedCount > 0);
    expect(peer.received.every((body, index) => body === sent[index])).toBe(true);
    expect(handler.drainedCount).toBe(1);
    expect(handler.connection.bufferedBytes).toBe(0);
  });

  it('does not report `drained` when the peer was never slow', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    expect(handler.connection.send('a', 'message')).toBe(true);
    await bench.until(() => peer.received.length > 0);
    await bench.fixture.settle();
    expect(handler.drainedCount).toBe(0);
  });

  it('reads nothing while it is paused, and everything afterwards', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('paused');
    const other = await bench.pair('other');
    handler.connection.pause();
    const sent = bodies(20, 500);
    for (const body of sent) peer.send(body);
    other.peer.send('later');
    await bench.until(() => other.handler.received.includes('later'));
    await bench.fixture.settle();
    expect(handler.received).toEqual([]);

    handler.connection.resume();
    await bench.until(() => handler.received.length === sent.length);
    expect(handler.received).toEqual(sent);
  });

  it('delivers what was sent before it closes', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    const sent = bodies(100, FLOOD_BODY_BYTES);
    for (const body of sent) handler.connection.send(body, 'message');
    handler.connection.close();
    await bench.until(() => peer.isClosed && handler.closedCount > 0);
    expect(peer.received).toEqual(sent);
  });

  it('delivers nothing more after it is destroyed', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    peer.pause();
    const sent = flood();
    for (const body of sent) handler.connection.send(body, 'message');
    handler.connection.destroy();
    await bench.until(() => handler.closedCount > 0);
    peer.resume();
    await bench.until(() => peer.isClosed);
    expect(peer.received.length).toBeLessThan(sent.length);
  });

  it('reports the end once when the peer closes the connection', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    peer.send('last words');
    peer.close();
    await bench.until(() => handler.closedCount > 0);
    await bench.fixture.settle();
    expect(handler.received).toEqual(['last words']);
    expect(handler.closedCount).toBe(1);
    expect(handler.callsAfterClosed).toBe(0);
  });

  it('reports the end once when the peer destroys the connection', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    peer.destroy();
    await bench.until(() => handler.closedCount > 0);
    await bench.fixture.settle();
    expect(handler.closedCount).toBe(1);
    expect(handler.callsAfterClosed).toBe(0);
  });

  it('reports the end once when both sides close at the same time', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    peer.close();
    handler.connection.close();
    await bench.until(() => handler.closedCount > 0 && peer.isClosed);
    await bench.fixture.settle();
    expect(handler.closedCount).toBe(1);
    expect(handler.callsAfterClosed).toBe(0);
  });
}

function flood(): string[] {
  return bodies(Math.ceil(FLOOD_BYTES / FLOOD_BODY_BYTES), 0).map((body) =>
    body.padEnd(FLOOD_BODY_BYTES, 'x'),
  );
}
