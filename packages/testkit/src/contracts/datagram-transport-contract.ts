import { expect, it } from 'vitest';
import type { TransportBench } from './transport-bench.js';

/** How many times its own bytes a peer may get before it has proved its address (RFC 9000, section 8.1). */
const AMPLIFICATION_LIMIT = 3;

/** What a peer may be sent after each proof of its address, in bytes. */
const PROVEN_BYTES = 256 * 1024;

/** Most messages that are withheld from a peer that has not proved its address. */
const MAX_WITHHELD = 32;

/** The additional rules for transports over datagrams. */
export function describeDatagramTransport(open: () => Promise<TransportBench>): void {
  it('drops and counts a datagram that is too large', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    const largest = 'x'.repeat(bench.fixture.maxBodyBytes);
    peer.send(`${largest}y`);
    peer.send(largest);
    await bench.until(() => handler.received.length > 0);
    expect(handler.received).toEqual([largest]);
    expect(bench.host.counts).toEqual(['datagramsTooLarge']);
  });

  it('sends an unproved address at most three times the bytes that it has sent', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('0123456789');
    const answer = 'x'.repeat(10);
    for (let i = 0; i < AMPLIFICATION_LIMIT + 2; i++) handler.connection.send(answer, 'answer');
    await bench.until(() => bench.host.counts.length === 2);
    expect(bench.host.counts).toEqual(['amplificationPrevented', 'amplificationPrevented']);
    await bench.until(() => peer.received.length === AMPLIFICATION_LIMIT);
    await bench.fixture.settle();
    expect(peer.received).toHaveLength(AMPLIFICATION_LIMIT);
  });

  it('withholds messages until the peer has proved its address', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('?');
    const { connection } = handler;
    const messages = ['a', 'b', 'c'].map((character) => character.repeat(624));
    for (const message of messages) connection.send(message, 'message');
    expect(connection.addressProof?.isAwaited).toBe(true);
    await bench.fixture.settle();
    expect(peer.received).toEqual([]);
    connection.addressProof?.trust();
    expect(connection.addressProof?.isAwaited).toBe(false);
    await bench.until(() => peer.received.length === 3);
    expect(peer.received).toEqual(messages);
    expect(bench.host.counts).toEqual([]);
  });

  it('sends withheld messages after the answers when the peer sends more', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('?');
    const { connection } = handler;
    const messages = ['a', 'b', 'c'].map((character) => character.repeat(824));
    for (const message of messages) connection.send(message, 'message');
    bench.host.onReceive = () => void connection.send('answer', 'answer');
    peer.send('?'.repeat(600));
    await bench.until(() => peer.received.length === 3);
    await bench.fixture.settle();
    expect(peer.received).toEqual(['answer', messages[0], messages[1]]);
    expect(connection.addressProof?.isAwaited).toBe(true);
  });

  it('drops and counts messages beyond the limit of withheld ones, and copies of messages', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair('?');
    const { connection } = handler;
    const message = 'x'.repeat(924);
    for (let i = 0; i < MAX_WITHHELD + 2; i++) connection.send(message, 'message');
    connection.send(message, 'copy');
    expect(bench.host.counts).toEqual(Array.from({ length: 3 }, () => 'amplificationPrevented'));
    connection.addressProof?.trust();
    await bench.until(() => peer.received.length === MAX_WITHHELD);
  });

  it('sends a proved address a limited number of bytes, and as many again after each proof', async () => {
    const bench = await open();
    const { handler } = await bench.pair('?');
    const { addressProof } = handler.connection;
    addressProof?.trust();
    const answer = 'x'.repeat(1000);
    const send = (): void => {
      while ((addressProof?.allowedBytes ?? 0) >= answer.length) handler.connection.send(answer, 'answer');
    };
    expect(addressProof?.allowedBytes).toBe(PROVEN_BYTES);
    send();
    expect(addressProof?.isAwaited).toBe(true);
    handler.connection.send(answer, 'answer');
    expect(bench.host.counts).toEqual(['amplificationPrevented']);
    addressProof?.trust();
    expect(addressProof?.allowedBytes).toBe(PROVEN_BYTES);
    expect(addressProof?.isAwaited).toBe(false);
  });

  it('accepts a peer after its end as a new one', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    handler.connection.close();
    await bench.until(() => handler.closedCount === 1);
    peer.send('again');
    await bench.until(() => bench.host.handlers.length === 2);
    expect(bench.host.handlers[1]?.received).toEqual(['again']);
    expect(handler.received).toEqual([]);
  });

  it('sends what was written before it was closed', async () => {
    const bench = await open();
    const { peer, handler } = await bench.pair();
    handler.connection.addressProof?.trust();
    handler.connection.send('goodbye', 'answer');
    handler.connection.close();
    await bench.until(() => peer.received.length > 0);
    expect(peer.received).toEqual(['goodbye']);
  });
}
