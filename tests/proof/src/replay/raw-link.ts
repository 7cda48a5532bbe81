import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { type BinaryString, DEFAULT_MAX_TCP_BODY_BYTES, TcpFrameReader } from '@imcore/protocol';
import { WebSocket } from 'ws';
import type { Kind } from '../proof-client.js';

const HOST = '127.0.0.1';

/** How long a WebSocket handshake may take, in milliseconds: a paused server accepts the connection and answers nothing. */
const HANDSHAKE_MS = 2000;

/** An open connection that carries frame bodies. */
export interface RawLink {
  /** Ignored once it is closed. */
  write(body: BinaryString): void;
  close(): void;
}

/** `closed` is called once, also after `close`. */
interface LinkEvents {
  received(body: BinaryString): void;
  closed(): void;
}

/** Opens a connection without the code of our client. @throws Error if it cannot be opened; on UDP that is not seen. */
export function openRawLink(kind: Kind, port: number, events: LinkEvents): Promise<RawLink> {
  if (kind === 'tcp') return openTcp(port, events);
  return kind === 'udp' ? openUdp(port, events) : openWebSocket(port, events);
}

async function openTcp(port: number, events: LinkEvents): Promise<RawLink> {
  const socket = net.connect(port, HOST);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  const frames = new TcpFrameReader<Buffer>(DEFAULT_MAX_TCP_BODY_BYTES, Buffer.allocUnsafeSlow);
  socket.on('data', (chunk) => {
    socket.cork();
    frames.push(chunk, (bytes, start, end) => {
      events.received(bytes.toString('latin1', start, end));
      return true;
    });
    socket.uncork();
  });
  // An error ends the connection; missing messages are counted by the caller.
  socket.on('error', () => {});
  socket.on('close', () => events.closed());
  return {
    write: (body) => {
      const frame = Buffer.allocUnsafe(4 + body.length);
      frame.writeUInt32BE(body.length, 0);
      frame.write(body, 4, 'latin1');
      if (!socket.destroyed) socket.write(frame);
    },
    close: () => socket.destroy(),
  };
}

async function openUdp(port: number, events: LinkEvents): Promise<RawLink> {
  const socket = createSocket('udp4');
  socket.connect(port, HOST);
  await once(socket, 'connect');
  let isClosed = false;
  socket.on('message', (datagram) => events.received(datagram.toString('latin1')));
  // An original client does not act upon ICMP errors: it waits until its keep-alives were not answered for too long.
  socket.on('error', () => {});
  socket.on('close', () => events.closed());
  return {
    write: (body) => {
      if (!isClosed) socket.send(Buffer.from(body, 'latin1'), () => {});
    },
    close: () => {
      if (!isClosed) socket.close();
      isClosed = true;
    },
  };
}

async function openWebSocket(port: number, events: LinkEvents): Promise<RawLink> {
  const socket = new WebSocket(`ws://${HOST}:${port}/websocket`, {
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
  });
  await once(socket, 'open');
  socket.on('message', (data) => events.received((data as Buffer).toString('latin1')));
  socket.on('error', () => {});
  socket.on('close', () => events.closed());
  return {
    write: (body) => socket.send(Buffer.from(body, 'latin1'), { binary: false }, () => {}),
    close: () => socket.terminate(),
  };
}
