import type { Link } from '@imcore/client';
import type { TransportKind } from '@imcore/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type CreateTransportFixture,
  RecordingLinkHandler,
  type TransportFixture,
  type TransportPeer,
} from './transport-fixture.js';

/** Bytes of a packet that a datagram socket delivers without loss on one machine. */
const SAFE_FRAME_BYTES = 900;

interface Pair {
  readonly link: Link;
  readonly handler: RecordingLinkHandler;
  readonly peer: TransportPeer;
}

/**
 * What every transport of a client must do: deliver packets whole and in order in both directions, report the opening
 * and the end of a link once, and nothing after the end. Streams report ends that datagrams do not have.
 */
export function describeTransport(name: string, kind: TransportKind, create: CreateTransportFixture): void {
  describe(`transport contract: ${name}`, () => {
    const fixtures: TransportFixture[] = [];
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) await fixture.dispose();
    });

    async function open(): Promise<TransportFixture> {
      const fixture = await create();
      fixtures.push(fixture);
      return fixture;
    }

    it('states its kind and its largest packet', async () => {
      const { transport } = await open();
      expect(transport.kind).toBe(kind);
      expect(transport.maxSendBytes).toBeGreaterThanOrEqual(1024);
    });

    it('reports the opening once', async () => {
      const fixture = await open();
      const { handler } = await pair(fixture);
      await fixture.settle();
      expect(handler).toMatchObject({ openedCount: 1, frames: [], ends: [] });
    });

    it('delivers packets to the server whole and in order', async () => {
      const fixture = await open();
      const { link, peer } = await pair(fixture);
      const sent = frames(40);
      for (const frame of sent) link.send(frame);
      await fixture.until(() => peer.received.length >= sent.length);
      expect(peer.received).toEqual(sent);
    });

    it('passes on packets of the server whole and in order', async () => {
      const fixture = await open();
      const { handler, peer } = await pair(fixture);
      const sent = frames(40);
      for (const frame of sent) peer.send(frame);
      await fixture.until(() => handler.frames.length >= sent.length);
      expect(handler.frames).toEqual(sent);
    });

    it('preserves text in any script', async () => {
      const fixture = await open();
      const { link, handler, peer } = await pair(fixture);
      const frame = '{"text":"\\u0000 é 消息 😀 \u{10ffff} \u2028"}';
      link.send(frame);
      peer.send(frame);
      await fixture.until(() => peer.received.length > 0 && handler.frames.length > 0);
      expect([...peer.received, ...handler.frames]).toEqual([frame, frame]);
    });

    it('delivers the largest packet that it allows', async () => {
      const fixture = await open();
      const { link, peer } = await pair(fixture);
      const frame = 'x'.repeat(fixture.transport.maxSendBytes);
      link.send(frame);
      await fixture.until(() => peer.received.length > 0);
      expect(peer.received[0]).toHaveLength(frame.length);
    });

    it('has nothing buffered once the server has everything', async () => {
      const fixture = await open();
      const { link, peer } = await pair(fixture);
      for (const frame of frames(10)) link.send(frame);
      await fixture.until(() => peer.received.length >= 10 && link.bufferedBytes === 0);
      expect(link.bufferedBytes).toBe(0);
    });

    it('passes nothing on after it was closed', async () => {
      const fixture = await open();
      const { link, handler, peer } = await pair(fixture);
      link.close();
      peer.send('{"late":true}');
      await fixture.settle();
      expect(handler.frames).toEqual([]);
    });

    it('ignores packets and a second close after its end', async () => {
      const fixture = await open();
      const { link, peer } = await pair(fixture);
      link.close();
      link.send('{"late":true}');
      link.close();
      await fixture.settle();
      expect(peer.received).toEqual([]);
    });

    it('can be closed while it is opening', async () => {
      const { transport, settle } = await open();
      const handler = new RecordingLinkHandler();
      const link = transport.connect(handler);
      const openedBefore = handler.openedCount;
      link.close();
      await settle();
      expect(handler).toMatchObject({ openedCount: openedBefore, frames: [] });
    });

    it('keeps two links separate', async () => {
      const fixture = await open();
      const first = await pair(fixture);
      const second = await pair(fixture);
      first.link.send('{"n":1}');
      second.peer.send('{"n":2}');
      await fixture.until(() => first.peer.received.length > 0 && second.handler.frames.length > 0);
      first.link.close();
      second.link.send('{"n":3}');
      await fixture.until(() => second.peer.received.length > 0);
      expect([first.peer.received, second.peer.received]).toEqual([['{"n":1}'], ['{"n":3}']]);
      expect([first.handler.frames, second.handler.frames]).toEqual([[], ['{"n":2}']]);
    });

    if (kind !== 'udp') describeEnds(open);
  });
}

function describeEnds(open: () => Promise<TransportFixture>): void {
  it('delivers everything that was sent before it was closed, then the end', async () => {
    const fixture = await open();
    const { link, peer } = await pair(fixture);
    const sent = frames(40);
    for (const frame of sent) link.send(frame);
    link.close();
    await fixture.until(() => peer.isClosed);
    expect(peer.received).toEqual(sent);
  });

  it('reports the end by the server once, without an error, after the packets before it', async () => {
    const fixture = await open();
    const { handler, peer } = await pair(fixture);
    for (const frame of frames(5)) peer.send(frame);
    peer.close();
    await fixture.until(() => handler.ends.length > 0);
    await fixture.settle();
    expect(handler).toMatchObject({ frames: frames(5), ends: [undefined], callsAfterEnd: 0 });
  });

  it('reports a broken link once', async () => {
    const fixture = await open();
    const { handler, peer } = await pair(fixture);
    peer.destroy();
    await fixture.until(() => handler.ends.length > 0);
    await fixture.settle();
    expect(handler.ends).toHaveLength(1);
    expect(handler.callsAfterEnd).toBe(0);
    if (fixture.reportsBreaks) {
      expect(handler.ends[0]).toMatchObject({ name: 'LinkError', code: 'ERR_LINK_CLOSED' });
    }
  });

  it('reports an unreachable server once, with an error, and no opening', async () => {
    const fixture = await open();
    const handler = new RecordingLinkHandler();
    fixture.unreachable.connect(handler);
    await fixture.until(() => handler.ends.length > 0);
    await fixture.settle();
    expect(handler.ends).toEqual([expect.objectContaining({ name: 'LinkError', code: 'ERR_LINK_FAILED' })]);
    expect(handler).toMatchObject({ openedCount: 0, callsAfterEnd: 0 });
  });
}

/** An open link, and the server's end of it. */
async function pair(fixture: TransportFixture): Promise<Pair> {
  const handler = new RecordingLinkHandler();
  const link = fixture.transport.connect(handler);
  await fixture.until(() => handler.openedCount > 0);
  return { link, handler, peer: await fixture.peerOf(link) };
}

/** Numbered packets of different lengths. */
function frames(count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => `{"n":${n},"pad":"${'p'.repeat((n * 97) % SAFE_FRAME_BYTES)}"}`,
  );
}
