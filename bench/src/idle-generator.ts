import dgram from 'node:dgram';
import net from 'node:net';
import { parseArgs } from 'node:util';
import {
  acknowledgementPacket,
  DEFAULT_MAX_TCP_BODY_BYTES,
  decodeFrameBody,
  encodePacket,
  keepAlivePacket,
  loginPacket,
  TcpFrameReader,
} from '@imcore/protocol';
import { WebSocket } from 'ws';

/**
 * Many users who log in, keep alive and acknowledge what they are sent. Prints one JSON line when all are in; ends when
 * its input does.
 */
const { values } = parseArgs({
  options: {
    transport: { type: 'string', default: 'tcp' },
    port: { type: 'string', default: '0' },
    connections: { type: 'string', default: '1000' },
    /** Logins under way at a time. */
    at: { type: 'string', default: '1000' },
  },
});
const port = Number(values.port);
const wanted = Number(values.connections);
const host = '127.0.0.1';
const prefix = `idle-${process.pid}-`;

/** Opens one connection and logs in; calls `receive` with each frame body, as a binary string. */
type Open = (userId: string, receive: (body: string) => void) => { send(text: string): void };

const openers: Readonly<Record<string, Open>> = {
  tcp(userId, receive) {
    const socket = net.connect({ port, host, noDelay: true });
    const send = (text: string): void => {
      const frame = Buffer.alloc(4 + Buffer.byteLength(text));
      frame.writeUInt32BE(frame.length - 4);
      frame.write(text, 4);
      socket.write(frame);
    };
    const frames = new TcpFrameReader<Buffer>(DEFAULT_MAX_TCP_BODY_BYTES, Buffer.allocUnsafe);
    socket.on('connect', () => send(loginOf(userId)));
    socket.on('data', (chunk) => {
      frames.push(chunk, (bytes, start, end) => {
        receive(bytes.toString('latin1', start, end));
        return true;
      });
    });
    socket.on('error', fail);
    return { send };
  },
  udp(userId, receive) {
    const socket = dgram.createSocket('udp4');
    socket.on('error', fail);
    socket.connect(port, host, () => {
      const again = setInterval(() => socket.send(loginOf(userId)), 1000);
      socket.send(loginOf(userId));
      socket.once('message', () => clearInterval(again));
      socket.on('message', (datagram) => receive(datagram.toString('latin1')));
    });
    return { send: (text) => socket.send(text) };
  },
  ws(userId, receive) {
    const socket = new WebSocket(`ws://${host}:${port}/websocket`, { perMessageDeflate: false });
    socket.on('open', () => socket.send(loginOf(userId)));
    socket.on('message', (message: Buffer) => receive(message.toString('latin1')));
    socket.on('error', fail);
    return { send: (text) => socket.send(text) };
  },
};

const open = openers[values.transport];
if (open === undefined) throw new Error(`there is no transport ${values.transport}`);
const ready: { readonly userId: string; send(text: string): void }[] = [];
let opened = 0;
let next = 0;
const KEEP_ALIVE_MS = values.transport === 'udp' ? 3000 : 15_000;
const TICK_MS = 50;

/** Each user's turn comes once in so long, not all at once: a burst would overflow the buffer of a UDP socket. */
setInterval(() => {
  for (let left = Math.ceil((ready.length * TICK_MS) / KEEP_ALIVE_MS); left > 0; left--) {
    const peer = ready[next % ready.length];
    next += 1;
    peer?.send(encodePacket(keepAlivePacket(peer.userId)));
  }
}, TICK_MS);

const startedAt = performance.now();
await new Promise<void>((resolve) => {
  const begin = (): void => {
    if (opened >= wanted) return;
    const userId = `${prefix}${opened}`;
    opened += 1;
    let isReady = false;
    const peer = open(userId, (body) => {
      acknowledge(body, peer);
      if (isReady) return;
      isReady = true;
      ready.push({ userId, send: (text) => peer.send(text) });
      if (ready.length === wanted) resolve();
      else begin();
    });
  };
  for (let at = 0; at < Math.min(wanted, Number(values.at)); at++) begin();
});
console.log(JSON.stringify({ ready: ready.length, seconds: (performance.now() - startedAt) / 1000 }));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

function loginOf(userId: string): string {
  return encodePacket(loginPacket({ userId, token: 'token', extra: undefined, firstLoginTime: 0 }));
}

/** Only what may ask for an acknowledgement is read: most of what comes are answers to keep-alives. */
function acknowledge(body: string, peer: { send(text: string): void }): void {
  if (!body.includes('"QoS":true')) return;
  const packet = decodeFrameBody(body);
  peer.send(encodePacket(acknowledgementPacket(packet)));
}

function fail(error: Error): void {
  console.error(error.message);
  process.exit(1);
}
