import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { TCP_HEADER_BYTES, TcpFrameReader, type TransportKind, writeTcpHeader } from '@imcore/protocol';
import { RawWebSocket, WebSocketOpcode } from './raw-websocket.js';
import type { Peer, PeerEvents, Stage } from './stage.js';

/** The address of a server. */
export interface SocketStageOptions {
  readonly host: string;
  readonly ports: Readonly<Record<TransportKind, number>>;
}

/** The longest body that these clients accept: more than any server sends. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Connects clients to a server over real sockets, in this process or in another. */
export class SocketStage implements Stage {
  readonly #options: SocketStageOptions;

  constructor(options: SocketStageOptions) {
    this.#options = options;
  }

  connect(transport: TransportKind, events: PeerEvents): Promise<Peer> {
    const { host, ports } = this.#options;
    if (transport === 'tcp') return connectTcp(host, ports.tcp, events);
    if (transport === 'udp') return connectUdp(host, ports.udp, events);
    return connectWebSocket(host, ports.websocket, events);
  }
}

async function connectTcp(host: string, port: number, events: PeerEvents): Promise<Peer> {
  const socket = net.connect({ host, port, noDelay: true });
  const reader = new TcpFrameReader<Buffer>(MAX_BODY_BYTES, Buffer.alloc);
  let hasClosed = false;
  socket.on('data', (chunk) =>
    reader.push(chunk, (bytes, start, end) => {
      const body = bytes.subarray(start, end);
      if (!hasClosed) events.frame(body.toString('utf8'), framed(body));
      return true;
    }),
  );
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    if (!hasClosed) events.closed();
  });
  await once(socket, 'connect');
  return {
    send: (body) => write(socket, framed(Buffer.from(body))),
    sendRaw: (bytes) => write(socket, bytes),
    close: () => {
      hasClosed = true;
      socket.end();
    },
  };
}

function write(socket: net.Socket, bytes: Uint8Array): void {
  if (socket.writable) socket.write(bytes);
}

function framed(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(TCP_HEADER_BYTES + body.length);
  writeTcpHeader(frame, 0, body.length);
  frame.set(body, TCP_HEADER_BYTES);
  return frame;
}

async function connectUdp(host: string, port: number, events: PeerEvents): Promise<Peer> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (datagram) => events.frame(datagram.toString('utf8')));
  socket.on('error', () => {});
  socket.connect(port, host);
  await once(socket, 'connect');
  let isOpen = true;
  const send = (bytes: Uint8Array): void => {
    if (isOpen) socket.send(bytes);
  };
  return {
    send: (body) => send(Buffer.from(body)),
    sendRaw: send,
    close: () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}

async function connectWebSocket(host: string, port: number, events: PeerEvents): Promise<Peer> {
  let hasClosed = false;
  const peer = new RawWebSocket(host, port, {
    frame(opcode, payload) {
      if (hasClosed) return;
      if (opcode === WebSocketOpcode.Text) events.frame(payload.toString('utf8'));
      if (opcode !== WebSocketOpcode.Close) return;
      events.closeFrame(payload.toString('hex'));
      peer.send({ opcode: WebSocketOpcode.Close, payload });
    },
    closed() {
      if (!hasClosed) events.closed();
    },
  });
  const answer = await peer.handshake('/websocket');
  if (!answer.isAccepted) throw new Error(`the server rejected the handshake: ${answer.head}`);
  return {
    send: (body) => peer.send({ opcode: WebSocketOpcode.Text, payload: Buffer.from(body) }),
    sendRaw: (bytes) => peer.writeRaw(bytes),
    close: () => {
      hasClosed = true;
      peer.close();
    },
  };
}
