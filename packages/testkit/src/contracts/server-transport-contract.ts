import { encodeUtf8, type TransportKind } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { describeDatagramTransport } from './datagram-transport-contract.js';
import type { CreateServerTransportFixture } from './server-transport-fixture.js';
import { describeStreamTransport } from './stream-transport-contract.js';
import { benches, bodies } from './transport-bench.js';

/** Bytes of a body that a datagram socket delivers without loss on one machine. */
const SAFE_BODY_BYTES = 1000;

/**
 * What every transport must do: deliver frames whole and in order in both directions, report the end of a connection
 * once, and accept no peers after `stopAccepting`. Streams and datagrams have additional rules.
 */
export function describeServerTransport(
  name: string,
  kind: TransportKind,
  create: CreateServerTransportFixture,
): void {
  describe(`transport contract: ${name}`, () => {
    const open = benches(create);

    it('listens and reports its address', async () => {
      const { address, transport } = await open();
      expect(address.transport).toBe(kind);
      expect(transport.transport).toBe(kind);
      expect(address.port).toBeGreaterThan(0);
      expect(transport.readTimeoutMs).toBeGreaterThan(0);
    });

    it('reports the address and limits of a peer', async () => {
      const bench = await open();
      const { handler } = await bench.pair();
      expect(handler.connection.transport).toBe(kind);
      expect(handler.connection.remoteAddress).not.toBe('');
      expect(handler.connection.remotePort).toBeGreaterThan(0);
      expect(handler.connection.maxSendBytes).toBeGreaterThanOrEqual(1024);
      expect(bench.transport.maxSendBytes).toBe(handler.connection.maxSendBytes);
    });

    it('passes on bodies from a peer whole and in order', async () => {
      const bench = await open();
      const { peer, handler } = await bench.pair();
      const sent = bodies(40, SAFE_BODY_BYTES);
      for (const body of sent) peer.send(body);
      await bench.until(() => handler.received.length >= sent.length);
      expect(handler.received).toEqual(sent);
    });

    it('delivers bodies to a peer whole and in order', async () => {
      const bench = await open();
      const { peer, handler } = await bench.pair();
      handler.connection.addressProof?.trust();
      const sent = bodies(40, SAFE_BODY_BYTES);
      for (const body of sent) handler.connection.send(body, 'message');
      await bench.until(() => peer.received.length >= sent.length);
      expect(peer.received).toEqual(sent);
    });

    it('preserves text in any script', async () => {
      const bench = await open();
      const { peer, handler } = await bench.pair();
      handler.connection.addressProof?.trust();
      const body = encodeUtf8('{"text":"\u0000 é 消息 😀 \u{10ffff} \ud7ff"}');
      peer.send(body);
      await bench.until(() => handler.received.length > 0);
      expect(handler.received).toEqual([body]);
      handler.connection.send(body, 'message');
      await bench.until(() => peer.received.length > 0);
      expect(peer.received).toEqual([body]);
    });

    it('keeps peers separate', async () => {
      const bench = await open();
      const pairs = [await bench.pair('a'), await bench.pair('b'), await bench.pair('c')];
      expect(bench.host.handlers).toHaveLength(3);
      for (const [index, { peer }] of pairs.entries()) peer.send(`from ${index}`);
      await bench.until(() => pairs.every(({ handler }) => handler.received.length > 0));
      for (const [index, { handler }] of pairs.entries()) {
        expect(handler.received).toEqual([`from ${index}`]);
        handler.connection.addressProof?.trust();
        handler.connection.send(`to ${index}`, 'message');
      }
      await bench.until(() => pairs.every(({ peer }) => peer.received.length > 0));
      for (const [index, { peer }] of pairs.entries()) expect(peer.received).toEqual([`to ${index}`]);
    });

    it('closes the connection of a peer that the host rejects', async () => {
      const bench = await open();
      bench.host.rejection = 'sessions';
      const peer = await bench.connect();
      peer.send('hello');
      await bench.until(() => bench.host.rejections > 0);
      await bench.fixture.settle();
      expect(bench.host.handlers).toHaveLength(0);
      expect(peer.received).toEqual([]);
      if (kind !== 'udp') await bench.until(() => peer.isClosed);
    });

    it('reports the end once when the server closes the connection', async () => {
      const bench = await open();
      const { handler } = await bench.pair();
      handler.connection.close();
      handler.connection.close();
      handler.connection.destroy();
      await bench.until(() => handler.closedCount > 0);
      await bench.fixture.settle();
      expect(handler.closedCount).toBe(1);
      expect(handler.callsAfterClosed).toBe(0);
    });

    it('reports the end once when the server destroys the connection', async () => {
      const bench = await open();
      const { handler } = await bench.pair();
      handler.connection.destroy();
      handler.connection.destroy();
      handler.connection.close();
      await bench.until(() => handler.closedCount > 0);
      await bench.fixture.settle();
      expect(handler.closedCount).toBe(1);
      expect(handler.callsAfterClosed).toBe(0);
    });

    it('ignores calls on a connection that has ended', async () => {
      const bench = await open();
      const { handler } = await bench.pair();
      handler.connection.destroy();
      await bench.until(() => handler.closedCount > 0);
      handler.connection.send('too late', 'message');
      handler.connection.pause();
      handler.connection.resume();
      handler.connection.addressProof?.trust();
      await bench.fixture.settle();
      expect(handler.callsAfterClosed).toBe(0);
      expect(bench.host.failures).toEqual([]);
    });

    it('reports nothing after the end, even if more has arrived', async () => {
      const bench = await open();
      const { peer, handler } = await bench.pair();
      bench.host.onReceive = (_body, { connection }) => connection.destroy();
      for (const body of bodies(10, 100)) peer.send(body);
      await bench.until(() => handler.closedCount > 0);
      await bench.fixture.settle();
      expect(handler.received[0]).toBe(bodies(10, 100)[0]);
      expect(handler.callsAfterClosed).toBe(0);
    });

    it('accepts no peers after stopAccepting, and keeps the connected ones', async () => {
      const bench = await open();
      const { peer, handler } = await bench.pair();
      bench.transport.stopAccepting();
      const late = await bench.connect();
      late.send('may I?');
      if (kind !== 'udp') await bench.until(() => late.isClosed);
      peer.send('still here');
      await bench.until(() => handler.received.includes('still here'));
      handler.connection.addressProof?.trust();
      handler.connection.send('so am I', 'message');
      await bench.until(() => peer.received.includes('so am I'));
      expect(bench.host.handlers).toHaveLength(1);
    });

    it('frees the port after stopListening, and keeps the connected peers', async () => {
      const bench = await open();
      if (bench.transport.stopListening === undefined) return;
      const { peer, handler } = await bench.pair();
      bench.transport.stopListening();
      await open(bench.address.port);
      peer.send('still here');
      await bench.until(() => handler.received.includes('still here'));
      handler.connection.send('so am I', 'message');
      await bench.until(() => peer.received.includes('so am I'));
      bench.transport.stopAccepting();
      await bench.transport.close();
      await bench.until(() => handler.closedCount === 1);
    });

    it('ends every connection and frees the port when it is closed', async () => {
      const bench = await open();
      const pairs = [await bench.pair('a'), await bench.pair('b')];
      await bench.transport.close();
      await bench.until(() => pairs.every(({ handler }) => handler.closedCount === 1));
      const again = await open(bench.address.port);
      expect(again.address.port).toBe(bench.address.port);
    });

    if (kind === 'udp') describeDatagramTransport(open);
    else describeStreamTransport(open);
  });
}
