import dgram from 'node:dgram';
import net from 'node:net';
import { drawFrom, mutatedBytes, mutatedText, recordedPackets } from './mutations.js';

/** What the program sends: `node mutated-frames-sender.js ORDER`, with the order as JSON. */
export interface SenderOrder {
  readonly transport: 'tcp' | 'udp' | 'websocket';
  readonly port: number;
  readonly frames: number;
  readonly seed: number;
}

const CONNECTIONS = 32;
/** Datagrams that come faster than the server reads are lost in the system. */
const DATAGRAM_SOCKETS = 2;
/** Maximum frames that are written at once. */
const BATCH = 8;
/** One in so many frames is changed byte by byte. Most of those end a connection. */
const BROKEN = { tcp: 40, websocket: 40, udp: 4 } as const;
/** How long a connection may stay open after a broken frame before it is used again, in milliseconds. */
const WAIT_MS = 5;

const HANDSHAKE =
  'GET /websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

const order = JSON.parse(process.argv[2] ?? '{}') as SenderOrder;
const { transport, port } = order;
const draw = drawFrom(order.seed);
const packets = recordedPackets();
let left = order.frames;
let connections = 0;
let failures = 0;

const { remaining } = await sendAll();
process.send?.({ sent: order.frames - remaining, connections, failures }, () => process.exit(0));

async function sendAll(): Promise<{ remaining: number }> {
  await Promise.all(
    Array.from({ length: transport === 'udp' ? DATAGRAM_SOCKETS : CONNECTIONS }, (_, n) =>
      transport === 'udp' ? sendDatagrams(n) : sendOn(n),
    ),
  );
  return { remaining: left };
}

/** One mutated frame, and whether it was changed byte by byte. */
function nextFrame(n: number): { frame: Buffer; isBroken: boolean } {
  left -= 1;
  const packet = packets[draw(packets.length)] ?? {};
  const text = mutatedText(packet, `fuzz-${n}`, `fuzz-${draw(CONNECTIONS)}`, draw);
  const isBroken = draw(BROKEN[transport]) === 0;
  if (!isBroken) return { frame: framed(Buffer.from(text)), isBroken };
  const bytes = Buffer.from(text);
  return {
    frame: draw(8) === 0 ? mutatedBytes(framed(bytes), draw) : framed(mutatedBytes(bytes, draw)),
    isBroken,
  };
}

function loginFrame(n: number): Buffer {
  const dataContent = JSON.stringify({ loginUserId: `fuzz-${n}`, loginToken: '', firstLoginTime: 0 });
  return framed(Buffer.from(JSON.stringify({ type: 0, dataContent, from: `fuzz-${n}`, to: '0' })));
}

function framed(body: Buffer): Buffer {
  if (transport === 'udp') return body;
  const header = Buffer.alloc(transport === 'tcp' ? 4 : 8);
  if (transport === 'tcp') header.writeUInt32BE(body.length);
  else {
    // A final text frame with a length of 16 bits and a mask of zeros.
    header.writeUInt16BE(0x81fe);
    header.writeUInt16BE(body.length, 2);
  }
  return Buffer.concat([header, body]);
}

/** Sends on one connection after the other, until no frames are left. */
async function sendOn(n: number): Promise<void> {
  while (left > 0) {
    connections += 1;
    await new Promise<void>((resolve) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () => {
        if (transport === 'websocket') socket.write(HANDSHAKE);
        socket.write(loginFrame(n));
        writeNext(socket, n);
      });
      socket.resume();
      socket.on('end', () => socket.resetAndDestroy());
      socket.on('error', () => {
        failures += 1;
        socket.destroy();
      });
      socket.on('close', () => resolve());
    });
  }
}

/** Writes frames up to the next broken one, and goes on if the server has not closed the connection. */
function writeNext(socket: net.Socket, n: number): void {
  if (socket.destroyed) return;
  if (left <= 0) {
    socket.end();
    setTimeout(() => socket.destroy(), 1000).unref();
    return;
  }
  const frames: Buffer[] = [];
  let wasBroken = false;
  while (frames.length < BATCH && left > 0 && !wasBroken) {
    const { frame, isBroken } = nextFrame(n);
    frames.push(frame);
    wasBroken = isBroken;
  }
  socket.write(Buffer.concat(frames), () => {
    if (wasBroken) setTimeout(() => writeNext(socket, n), WAIT_MS);
    else setImmediate(() => writeNext(socket, n));
  });
}

/** Sends datagrams from one port: the next few when the last ones are handed to the system. */
async function sendDatagrams(n: number): Promise<void> {
  const socket = dgram.createSocket('udp4');
  socket.on('error', () => {
    failures += 1;
  });
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', () => resolve()));
  connections += 1;
  while (left > 0) {
    const batch = [loginFrame(n)];
    while (batch.length < 16 && left > 0) batch.push(nextFrame(n).frame);
    await Promise.all(
      batch.map((frame) => new Promise<void>((resolve) => socket.send(frame, () => resolve()))),
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.close();
}
