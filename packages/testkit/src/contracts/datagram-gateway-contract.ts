import { expect, it } from 'vitest';
import type { GatewayBench } from './gateway-bench.js';

/** How many times its own bytes a stranger may be answered with (RFC 9000, section 8.1). */
const AMPLIFICATION_LIMIT = 3;

/** The part of the contract that gateways over datagrams add. */
export function describeDatagramGateway(open: () => Promise<GatewayBench>): void {
  it('drops and counts a datagram that is too long', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    const largest = 'x'.repeat(bench.fixture.maxBodyBytes);
    peer.send(`${largest}y`);
    peer.send(largest);
    await bench.until(() => handler.received.length > 0);
    expect(handler.received).toEqual([largest]);
    expect(bench.host.counts).toEqual(['datagramsTooLarge']);
  });

  it('answers a stranger with no more than three times what it sent', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('0123456789');
    const answer = 'x'.repeat(10);
    for (let i = 0; i < AMPLIFICATION_LIMIT + 2; i++) handler.connection.send(answer);
    await bench.until(() => bench.host.counts.length === 2);
    expect(bench.host.counts).toEqual(['amplificationPrevented', 'amplificationPrevented']);
    await bench.until(() => peer.received.length === AMPLIFICATION_LIMIT);
    await bench.fixture.settle();
    expect(peer.received).toHaveLength(AMPLIFICATION_LIMIT);
  });

  it('answers as it likes once it is told to trust the peer', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('?');
    handler.connection.trust();
    const answer = 'x'.repeat(1000);
    handler.connection.send(answer);
    await bench.until(() => peer.received.length > 0);
    expect(peer.received).toEqual([answer]);
    expect(bench.host.counts).toEqual([]);
  });

  it('takes a peer that comes back after its end for a new one', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    handler.connection.close();
    await bench.until(() => handler.closedCount === 1);
    peer.send('again');
    await bench.until(() => bench.host.handlers.length === 2);
    expect(bench.host.handlers[1]?.received).toEqual(['again']);
    expect(handler.received).toEqual([]);
  });

  it('still sends what was sent before it was closed', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    handler.connection.trust();
    handler.connection.send('goodbye');
    handler.connection.close();
    await bench.until(() => peer.received.length > 0);
    expect(peer.received).toEqual(['goodbye']);
  });
}
