import dgram from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';
import type { BinaryString } from '@imcore/protocol';
import { checkBoolean, checkInteger, checkNames, type OptionNames } from '../check-options.js';
import { UsageError } from '../errors.js';
import type {
  AddressProof,
  Connection,
  ConnectionHandler,
  FrameKind,
  ServerTransport,
  TransportAddress,
  TransportHost,
} from '../ports/transport.js';
import { type AllowanceOwner, AnswerAllowance, WithheldBytes } from './answer-allowance.js';
import { peerKey } from './peer-key.js';
import { canSharePort } from './shared-port.js';
import { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.js';

/** Options of `udp`. */
export interface UdpOptions extends TransportOptions {
  /** Default 7901. */
  readonly port?: number | undefined;
  /** Maximum size of a received datagram, in bytes; a longer one is dropped. Default 2048, as in the original server. */
  readonly maxReceiveBytes?: number | undefined;
  /** Maximum size of a sent datagram, in bytes. Default 1024, what an original client reads of a datagram. */
  readonly maxSendBytes?: number | undefined;
  /**
   * Whether other processes may listen on the same port with the same option. The system then keeps each peer with one of them,
   * until a process comes or goes. Needs Linux or FreeBSD, and Node 22.12 or 23.1. Default
   * false.
   */
  readonly reusePort?: boolean | undefined;
}

const OPTIONS: OptionNames<UdpOptions> = {
  ...TRANSPORT_OPTIONS,
  maxReceiveBytes: true,
  maxSendBytes: true,
  reusePort: true,
};

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Creates a UDP transport: one packet per datagram. Each remote address and port is a connection.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/protocol/SPEC.md#1-frames
 */
export function udp(options: UdpOptions = {}): ServerTransport {
  checkNames(options, OPTIONS);
  checkInteger('maxReceiveBytes', options.maxReceiveBytes, 1, 65_507);
  checkInteger('maxSendBytes', options.maxSendBytes, 1, 65_507);
  const maxReceiveBytes = options.maxReceiveBytes ?? 2048;
  const maxSendBytes = options.maxSendBytes ?? 1024;
  const host = options.host ?? '0.0.0.0';
  const { reusePort = false } = options;
  checkBoolean('reusePort', reusePort);
  if (reusePort && !canSharePort(process.versions.node))
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option reusePort needs Node 22.12 or 23.1 on Linux or FreeBSD, this is ${process.versions.node} on ${process.platform}`,
    );
  const type = isIPv6(host) ? 'udp6' : 'udp4';
  const socketOptions = { type, lookup: lookupUnlessAddress, reusePort } as const;
  const socket = dgram.createSocket(socketOptions);
  const peers = new Map<number | string, UdpConnection>();
  let target: UdpTarget | undefined;
  let isAccepting = true;
  let isBound = false;

  const accept = (key: number | string, remote: dgram.RemoteInfo): UdpConnection | undefined => {
    if (!isAccepting || target === undefined) return undefined;
    const connection = new UdpConnection(remote, target);
    const handler = target.host.accept(connection, transport);
    if (typeof handler === 'string') return undefined;
    connection.start(handler);
    peers.set(key, connection);
    return connection;
  };
  socket.on('message', (datagram, remote) => {
    // Port 0 cannot be answered; only a forged datagram comes from there.
    if (remote.port === 0) return;
    if (datagram.length > maxReceiveBytes) {
      target?.host.count('datagramsTooLarge');
      return;
    }
    const key = peerKey(remote.address, remote.port);
    (peers.get(key) ?? accept(key, remote))?.receive(datagram);
  });

  const transport: ServerTransport = {
    transport: 'udp',
    readTimeoutMs: readTimeoutOf(options, 'udp'),
    maxSendBytes,
    async listen(server): Promise<TransportAddress> {
      target = { socket, peers, host: server, maxSendBytes, withheldBytes: new WithheldBytes() };
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(options.port ?? 7901, host, () => {
          socket.removeListener('error', reject);
          resolve();
        });
      });
      isBound = true;
      socket.on('error', (error) => server.failed(error));
      socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
      socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
      return { transport: 'udp', host, port: socket.address().port };
    },
    stopAccepting() {
      isAccepting = false;
    },
    async close() {
      isAccepting = false;
      for (const connection of [...peers.values()]) connection.destroy();
      if (!isBound) return;
      isBound = false;
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
  return transport;
}

/** Skips the resolver for IP addresses: it would delay each datagram by a tick. */
const lookupUnlessAddress: NonNullable<dgram.SocketOptions['lookup']> = (host, options, callback) => {
  const family = isIP(host);
  if (family === 0) lookup(host, options, callback);
  else callback(null, host, family);
};

/** What the connections of one socket share. */
interface UdpTarget {
  readonly socket: dgram.Socket;
  readonly peers: Map<number | string, UdpConnection>;
  readonly host: TransportHost;
  readonly maxSendBytes: number;
  readonly withheldBytes: WithheldBytes;
}

class UdpConnection implements Connection, AddressProof, AllowanceOwner {
  readonly transport = 'udp';
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** UDP buffers nothing: what the kernel does not take is lost and retransmitted. */
  readonly bufferedBytes = 0;
  readonly #target: UdpTarget;
  readonly #allowance: AnswerAllowance;
  #handler: ConnectionHandler | undefined = undefined;

  constructor(remote: dgram.RemoteInfo, target: UdpTarget) {
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.#target = target;
    this.#allowance = new AnswerAllowance(this, target.withheldBytes);
  }

  get isReliable(): boolean {
    return false;
  }

  get canPause(): boolean {
    return false;
  }

  get addressProof(): AddressProof {
    return this;
  }

  get maxSendBytes(): number {
    return this.#target.maxSendBytes;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  receive(datagram: Buffer): void {
    this.#allowance.received(datagram.length);
    this.#handler?.receive(datagram.toString('latin1'));
    if (this.#handler !== undefined) this.#allowance.release();
  }

  send(body: BinaryString, kind: FrameKind): boolean {
    if (this.#handler !== undefined) this.#allowance.send(body, kind);
    return true;
  }

  write(body: BinaryString): void {
    this.#target.socket.send(Buffer.from(body, 'latin1'), this.remotePort, this.remoteAddress);
  }

  prevented(): void {
    this.#target.host.count('amplificationPrevented');
  }

  pause(): void {}

  resume(): void {}

  get isAwaited(): boolean {
    return this.#allowance.awaitsProof;
  }

  get allowedBytes(): number {
    return this.#allowance.bytes;
  }

  trust(): void {
    this.#allowance.trust();
  }

  close(): void {
    this.destroy();
  }

  destroy(): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    this.#handler = undefined;
    this.#allowance.end();
    this.#target.peers.delete(peerKey(this.remoteAddress, this.remotePort));
    handler.closed();
  }
}
