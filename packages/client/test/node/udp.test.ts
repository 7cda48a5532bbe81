import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { udp } from '../../src/node/udp.js';
import { RecordingHandler } from '../fixtures/recording-handler.js';

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

describe('the UDP transport', () => {
  it('carries each packet in its own datagram, in both directions', async () => {
    const peer = await bind();
    const handler = new RecordingHandler();
    const link = udp({ host: '127.0.0.1', port: peer.port }).connect(handler);
    await handler.opening;

    link.send('{"a":"中😀"}');
    link.send('{"b":2}');
    const datagrams = await peer.read(2);
    expect(datagrams.map(({ text }) => text)).toEqual(['{"a":"中😀"}', '{"b":2}']);

    peer.answer('{"c":"中😀"}');
    expect(await handler.frames(1)).toEqual(['{"c":"中😀"}']);
    link.close();
  });

  it('ignores datagrams from other addresses than the server’s', async () => {
    const server = await bind();
    const stranger = await bind();
    const handler = new RecordingHandler();
    const link = udp({ host: '127.0.0.1', port: server.port }).connect(handler);
    await handler.opening;
    link.send('{}');
    const [datagram] = await server.read(1);

    stranger.socket.send('{"from":"stranger"}', datagram?.from.port ?? 0, '127.0.0.1');
    await handler.turn();
    server.answer('{"from":"server"}');

    expect(await handler.frames(1)).toEqual(['{"from":"server"}']);
    link.close();
  });

  it('reports a port without a listener', async () => {
    const peer = await bind();
    await closeSocket(peer.socket);
    const handler = new RecordingHandler();
    const link = udp({ host: '127.0.0.1', port: peer.port }).connect(handler);
    await handler.opening;

    link.send('{}');

    expect(await handler.closing).toMatchObject({ code: 'ERR_LINK_CLOSED', cause: { code: 'ECONNREFUSED' } });
    expect(() => link.send('{}')).not.toThrow();
    expect(link.bufferedBytes).toBe(0);
  });

  it('reports a host name that cannot be resolved', async () => {
    const handler = new RecordingHandler();

    udp({ host: 'no-such-host.invalid', port: 1 }).connect(handler);

    expect(await handler.closing).toMatchObject({ code: 'ERR_LINK_FAILED' });
  });

  it('sends the last packet before it closes', async () => {
    const peer = await bind();
    const handler = new RecordingHandler();
    const link = udp({ host: '127.0.0.1', port: peer.port }).connect(handler);
    await handler.opening;

    link.send('{"type":3}');
    link.close();

    expect((await peer.read(1)).map(({ text }) => text)).toEqual(['{"type":3}']);
  });

  it('can be closed while connecting, without an open socket', async () => {
    const peer = await bind();
    const handler = new RecordingHandler();
    for (let i = 0; i < 20; i++) await handler.turn();
    const sockets = openSockets();

    udp({ host: '127.0.0.1', port: peer.port }).connect(handler).close();
    for (let i = 0; i < 20; i++) await handler.turn();

    expect(handler.isOpen).toBe(false);
    expect(openSockets()).toBe(sockets);
  });

  it('connects over IPv6', async () => {
    const peer = await bind('udp6', '::1');
    const handler = new RecordingHandler();
    const link = udp({ host: '::1', port: peer.port }).connect(handler);
    await handler.opening;

    link.send('{"six":6}');

    expect((await peer.read(1)).map(({ text }) => text)).toEqual(['{"six":6}']);
    link.close();
  });
});

interface Datagram {
  readonly text: string;
  readonly from: RemoteInfo;
}

/** A server on a free port. */
async function bind(type: 'udp4' | 'udp6' = 'udp4', address = '127.0.0.1') {
  const socket = createSocket(type);
  sockets.push(socket);
  const datagrams: Datagram[] = [];
  let wake = (): void => {};
  socket.on('message', (bytes, from) => {
    datagrams.push({ text: bytes.toString(), from });
    wake();
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, address, resolve);
  });
  return {
    socket,
    port: socket.address().port,
    async read(count: number): Promise<readonly Datagram[]> {
      while (datagrams.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return datagrams;
    },
    answer(text: string): void {
      const last = datagrams.at(-1);
      if (last !== undefined) socket.send(text, last.from.port, last.from.address);
    },
  };
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'UDPWrap').length;
}

async function closeSocket(socket: Socket): Promise<void> {
  sockets.splice(sockets.indexOf(socket), 1);
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
}
