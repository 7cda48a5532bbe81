import type { BinaryString } from '@imcore/protocol';
import type {
  AddressProof,
  Connection,
  ConnectionHandler,
  FrameKind,
  ServerTransport,
  TransportAddress,
  TransportHost,
} from '@imcore/server/ports';
import { type AllowanceOwner, AnswerAllowance, WithheldBytes } from '@imcore/server/transport-kit';
import type { Datagram, DatagramListening, SimulatedNetwork } from '../network/simulated-network.js';
import type { StreamTransportSettings } from './memory-stream-transport.js';

interface DatagramTransportSettings extends StreamTransportSettings {
  readonly maxSendBytes: number;
}

/** UDP over a simulated network. A connection is the datagrams of one address and port. */
export class MemoryDatagramTransport implements ServerTransport {
  readonly transport = 'udp';
  readonly readTimeoutMs: number;
  readonly maxSendBytes: number;
  readonly #network: SimulatedNetwork;
  readonly #settings: DatagramTransportSettings;
  readonly #connections = new Map<string, MemoryDatagramConnection>();
  readonly #withheldBytes = new WithheldBytes();
  #listening: DatagramListening | undefined;
  #isAccepting = true;

  constructor(network: SimulatedNetwork, settings: DatagramTransportSettings) {
    this.#network = network;
    this.#settings = settings;
    this.readTimeoutMs = settings.readTimeoutMs;
    this.maxSendBytes = settings.maxSendBytes;
  }

  listen(host: TransportHost): Promise<TransportAddress> {
    this.#listening = this.#network.listenDatagrams(this.#settings.port, (datagram) =>
      this.#receive(host, datagram),
    );
    return Promise.resolve({ transport: 'udp', host: '127.0.0.1', port: this.#listening.port });
  }

  stopAccepting(): void {
    this.#isAccepting = false;
  }

  close(): Promise<void> {
    this.#isAccepting = false;
    for (const connection of [...this.#connections.values()]) connection.destroy();
    this.#listening?.close();
    this.#listening = undefined;
    return Promise.resolve();
  }

  #receive(host: TransportHost, datagram: Datagram): void {
    if (datagram.bytes.length > this.#settings.maxBodyBytes) {
      host.count('datagramsTooLarge');
      return;
    }
    const known = this.#connections.get(keyOf(datagram));
    const connection = known ?? this.#accept(host, datagram);
    connection?.receive(datagram.bytes);
  }

  #accept(host: TransportHost, { address, port }: Datagram): MemoryDatagramConnection | undefined {
    if (!this.#isAccepting) return undefined;
    const key = keyOf({ address, port });
    const connection = new MemoryDatagramConnection(address, port, this.#settings.maxSendBytes, {
      write: (bytes) => void this.#listening?.send(bytes, address, port),
      prevented: () => host.count('amplificationPrevented'),
      ended: () => this.#connections.delete(key),
      withheldBytes: this.#withheldBytes,
    });
    const handler = host.accept(connection, this);
    if (typeof handler === 'string') return undefined;
    connection.attach(handler);
    this.#connections.set(key, connection);
    return connection;
  }
}

interface DatagramOutput extends AllowanceOwner {
  ended(): void;
  readonly withheldBytes: WithheldBytes;
}

class MemoryDatagramConnection implements Connection, AddressProof {
  readonly transport = 'udp';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly bufferedBytes = 0;
  readonly isReliable = false;
  readonly canPause = false;
  readonly #output: DatagramOutput;
  readonly #allowance: AnswerAllowance;
  #handler: ConnectionHandler | undefined;
  #isOver = false;

  constructor(address: string, port: number, maxSendBytes: number, output: DatagramOutput) {
    this.remoteAddress = address;
    this.remotePort = port;
    this.maxSendBytes = maxSendBytes;
    this.#output = output;
    this.#allowance = new AnswerAllowance(output, output.withheldBytes);
  }

  get addressProof(): AddressProof {
    return this;
  }

  get isAwaited(): boolean {
    return this.#allowance.awaitsProof;
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  receive(body: BinaryString): void {
    this.#allowance.received(body.length);
    this.#handler?.receive(body);
    if (!this.#isOver) this.#allowance.release();
  }

  send(body: BinaryString, kind: FrameKind): boolean {
    if (!this.#isOver) this.#allowance.send(body, kind);
    return true;
  }

  pause(): void {}

  resume(): void {}

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
    if (this.#isOver) return;
    this.#isOver = true;
    this.#allowance.end();
    this.#output.ended();
    this.#handler?.closed();
  }
}

function keyOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address} ${port}`;
}
