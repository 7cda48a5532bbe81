import dgram from 'node:dgram';
import { createServer } from 'node:http';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';
import { refuse } from './refuse.js';

/**
 * The yardstick: a minimal relay of this protocol in Node. It parses each packet, finds the receiver in a map and
 * writes the packet to it. No checks, no duplicate suppression, no retransmission, no limits, no deadlines.
 * Not a server to use.
 *
 * `--acknowledge end-to-end`: the sender is acknowledged when the receiver has acknowledged, as the server does it. The
 * relay remembers who sent each message until then, and forwards the receiver's acknowledgement unchanged.
 * `--acknowledge at-once`: the sender is acknowledged when the message has been written to the receiver's socket. The
 * receiver's acknowledgement is read and ignored.
 *
 * `--write each` writes every packet at once, `--write tick` gathers what one turn of the event loop has for a
 * connection. Prints its ports as JSON.
 */
const { values } = parseArgs({
  options: {
    acknowledge: { type: 'string', default: 'at-once' },
    write: { type: 'string', default: 'tick' },
  },
});
const isEndToEnd =
  requireOneOf('acknowledge', values.acknowledge, ['at-once', 'end-to-end']) === 'end-to-end';
const gathers = requireOneOf('write', values.write, ['each', 'tick']) === 'tick';

interface Peer {
  send(text: string): void;
}
interface WirePacket {
  type: number;
  dataContent?: string;
  from: string;
  to: string;
  fp?: string;
  QoS?: boolean;
}

const users = new Map<string, Peer>();
/** End to end: who sent each message that is not acknowledged yet, by its fingerprint. */
const senders = new Map<string, Peer>();

function take(peer: Peer, text: string): void {
  const packet = JSON.parse(text) as WirePacket;
  switch (packet.type) {
    case 0:
      users.set(packet.from, peer);
      peer.send(answer(50, JSON.stringify({ code: 0, firstLoginTime: Date.now() }), '0', packet.from));
      return;
    case 1:
      peer.send(answer(51, '{}', '0', packet.from));
      return;
    case 2:
      users.get(packet.to)?.send(JSON.stringify(packet));
      if (packet.QoS !== true) return;
      if (isEndToEnd) senders.set(packet.fp ?? '', peer);
      else peer.send(answer(4, packet.fp ?? '', packet.to, packet.from));
      return;
    case 4:
      if (isEndToEnd) forwardAcknowledgement(packet.dataContent ?? '', text);
      return;
    default:
  }
}

function forwardAcknowledgement(fingerprint: string, text: string): void {
  senders.get(fingerprint)?.send(text);
  senders.delete(fingerprint);
}

function answer(type: number, dataContent: string, from: string, to: string): string {
  return JSON.stringify({ bridge: false, type, dataContent, from, to, QoS: false, typeu: -1, sm: -1 });
}

/** Writes to one socket: at once, or what a turn has gathered. */
function output(socket: net.Socket): (bytes: Buffer) => void {
  if (!gathers) return (bytes) => void socket.write(bytes);
  let pending: Buffer[] = [];
  const flush = (): void => {
    const bytes = pending.length === 1 ? pending[0] : Buffer.concat(pending);
    pending = [];
    if (bytes !== undefined && !socket.destroyed) socket.write(bytes);
  };
  return (bytes) => {
    if (pending.push(bytes) === 1) setImmediate(flush);
  };
}

const tcp = net.createServer({ noDelay: true }, (socket) => {
  const write = output(socket);
  const peer: Peer = {
    send(text) {
      const bytes = Buffer.allocUnsafe(4 + Buffer.byteLength(text));
      bytes.writeUInt32BE(bytes.length - 4, 0);
      bytes.write(text, 4);
      write(bytes);
    },
  };
  let left: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32BE(at);
      if (bytes.length - at - 4 < length) break;
      take(peer, bytes.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length;
    }
    left = bytes.subarray(at);
  });
});

const udp = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
const remotes = new Map<string, Peer>();
udp.on('message', (bytes, { address, port }) => {
  const key = `${address}:${port}`;
  let peer = remotes.get(key);
  if (peer === undefined) {
    peer = { send: (text) => udp.send(text, port, address) };
    remotes.set(key, peer);
  }
  take(peer, bytes.toString());
});

const http = createServer();
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
sockets.on('connection', (socket, request) => {
  const write = output(request.socket);
  const peer: Peer = {
    send(text) {
      const length = Buffer.byteLength(text);
      const head = length < 126 ? 2 : 4;
      const bytes = Buffer.allocUnsafe(head + length);
      bytes[0] = 0x81;
      bytes[1] = length < 126 ? length : 126;
      if (head === 4) bytes.writeUInt16BE(length, 2);
      bytes.write(text, head);
      write(bytes);
    },
  };
  socket.on('error', () => {});
  socket.on('message', (bytes: Buffer) => take(peer, bytes.toString()));
});

await new Promise<void>((resolve) => tcp.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
await new Promise<void>((resolve) => http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
const portOf = (address: unknown): number => (address as net.AddressInfo).port;
console.log(
  JSON.stringify({ tcp: portOf(tcp.address()), udp: udp.address().port, ws: portOf(http.address()) }),
);
process.on('SIGTERM', () => process.exit(0));

function requireOneOf(option: string, value: string, allowed: readonly string[]): string {
  return allowed.includes(value)
    ? value
    : refuse(`--${option} must be one of ${allowed.join(', ')}, got ${value}`);
}
