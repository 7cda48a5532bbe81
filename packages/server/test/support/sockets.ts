import dgram from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { fromBody, toBody, type WirePacket } from './wire.js';

export const LOOPBACK = '127.0.0.1';

/** How long a condition may take on a slow machine, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Turns of the event loop after which sockets on one machine have no pending events. */
const QUIET_TURNS = 100;

/** Resolves when a condition holds; rejects after a time-out. */
export async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`condition not met: ${condition.toString()}`);
    await turn();
  }
}

/** Resolves when no data is pending between sockets of this machine. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns++) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A frame as it goes over TCP: the body's length in 4 bytes, big-endian, then the body. */
export function frame(text: string): Buffer {
  const body = Buffer.from(toBody(text), 'latin1');
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** A client's end of a TCP or TLS connection. */
class TcpPeer {
  readonly socket: net.Socket;
  readonly received: WirePacket[] = [];
  isClosed = false;
  #pending = Buffer.alloc(0);

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('data', (chunk) => this.#take(chunk));
  }

  write(...texts: readonly string[]): void {
    this.socket.write(Buffer.concat(texts.map(frame)));
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 4) {
      const end = 4 + this.#pending.readUInt32BE(0);
      if (this.#pending.length < end) return;
      this.received.push(fromBody(this.#pending.toString('latin1', 4, end)));
      this.#pending = this.#pending.subarray(end);
    }
  }
}

/** Resolves when the connection is open or has failed. */
export function connectTcp(port: number): Promise<TcpPeer> {
  const peer = new TcpPeer(net.connect({ host: LOOPBACK, port }));
  return new Promise((resolve) => {
    peer.socket.once('connect', () => resolve(peer));
    peer.socket.once('close', () => resolve(peer));
  });
}

export function connectTls(port: number): Promise<{ peer: TcpPeer; commonName: string | undefined }> {
  const socket = tls.connect({ host: LOOPBACK, port, rejectUnauthorized: false });
  const peer = new TcpPeer(socket);
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve({ peer, commonName: commonNameOf(socket) }));
    socket.once('close', () => resolve({ peer, commonName: undefined }));
  });
}

/** Who the server of a TLS connection says it is. */
export function commonNameOf(socket: tls.TLSSocket): string {
  const { CN } = socket.getPeerCertificate().subject;
  return String(CN);
}

/** A client's end of a UDP conversation. */
class UdpPeer {
  readonly socket: dgram.Socket;
  readonly received: WirePacket[] = [];
  receivedBytes = 0;
  sentBytes = 0;

  constructor(socket: dgram.Socket) {
    this.socket = socket;
    socket.on('message', (datagram) => {
      this.receivedBytes += datagram.length;
      this.received.push(fromBody(datagram.toString('latin1')));
    });
    // A server that has closed its port answers with an ICMP message, which some platforms report here.
    socket.on('error', () => {});
  }

  write(text: string): void {
    const datagram = Buffer.from(toBody(text), 'latin1');
    this.sentBytes += datagram.length;
    this.socket.send(datagram);
  }
}

export function connectUdp(port: number): Promise<UdpPeer> {
  const peer = new UdpPeer(dgram.createSocket('udp4'));
  return new Promise((resolve) => {
    peer.socket.connect(port, LOOPBACK, () => resolve(peer));
  });
}

/** A client's end of a WebSocket. */
export class WebSocketPeer {
  readonly socket: WebSocket;
  readonly received: WirePacket[] = [];
  /** The code of the close frame, once the connection has ended. */
  closeCode: number | undefined = undefined;
  /** The status of the HTTP answer where the handshake was rejected. */
  rejectedWith: number | undefined = undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.received.push(fromBody(data.toString('latin1'))));
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('unexpected-response', (request, response) => {
      this.rejectedWith = response.statusCode;
      request.destroy();
    });
    socket.on('error', () => {});
  }

  write(...texts: readonly string[]): void {
    for (const text of texts) this.socket.send(text);
  }
}

/** Resolves when the connection is open or rejected. */
export function connectWebSocket(url: string, options: ClientOptions = {}): Promise<WebSocketPeer> {
  const peer = new WebSocketPeer(new WebSocket(url, { rejectUnauthorized: false, ...options }));
  return new Promise((resolve) => {
    for (const event of ['open', 'close', 'unexpected-response'] as const)
      peer.socket.once(event, () => resolve(peer));
  });
}
