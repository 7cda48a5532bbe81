import type { BinaryString } from '@imcore/protocol';
import type {
  Connection,
  ConnectionHandler,
  Gateway,
  GatewayAddress,
  GatewayHost,
} from '@imcore/server/ports';
import type { Datagram, DatagramListening, SimulatedNetwork } from '../network/simulated-network.js';
import type { StreamGatewaySettings } from './memory-stream-gateway.js';

/** How many times the bytes it has sent a stranger may be answered with (RFC 9000, section 8.1). */
const AMPLIFICATION_LIMIT = 3;

export interface DatagramGatewaySettings extends StreamGatewaySettings {
  readonly maxSendBytes: number;
}

/** UDP over a simulated network: a connection is what has come from one address and port. */
export class MemoryDatagramGateway implements Gateway {
  readonly transport = 'udp';
  readonly readTimeoutMs: number;
  readonly #network: SimulatedNetwork;
  readonly #settings: DatagramGatewaySettings;
  readonly #connections = new Map<string, MemoryDatagramConnection>();
  #listening: DatagramListening | undefined;
  #isAccepting = true;

  constructor(network: SimulatedNetwork, settings: DatagramGatewaySettings) {
    this.#network = network;
    this.#settings = settings;
    this.readTimeoutMs = settings.readTimeoutMs;
  }

  listen(host: GatewayHost): Promise<GatewayAddress> {
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

  #receive(host: GatewayHost, datagram: Datagram): void {
    if (datagram.bytes.length > this.#settings.maxBodyBytes) {
      host.count('datagramsTooLarge');
      return;
    }
    const known = this.#connections.get(keyOf(datagram));
    const connection = known ?? this.#accept(host, datagram);
    connection?.receive(datagram.bytes);
  }

  #accept(host: GatewayHost, { address, port }: Datagram): MemoryDatagramConnection | undefined {
    if (!this.#isAccepting) return undefined;
    const key = keyOf({ address, port });
    const connection = new MemoryDatagramConnection(address, port, this.#settings.maxSendBytes, {
      send: (bytes) => this.#listening?.send(bytes, address, port),
      prevented: () => host.count('amplificationPrevented'),
      ended: () => this.#connections.delete(key),
    });
    const handler = host.accept(connection, this);
    if (typeof handler === 'string') return undefined;
    connection.attach(handler);
    this.#connections.set(key, connection);
    return connection;
  }
}

interface DatagramWay {
  send(bytes: BinaryString): void;
  prevented(): void;
  ended(): void;
}

class MemoryDatagramConnection implements Connection {
  readonly transport = 'udp';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly bufferedBytes = 0;
  readonly #way: DatagramWay;
  #handler: ConnectionHandler | undefined;
  #isTrusted = false;
  #isOver = false;
  #receivedBytes = 0;
  #answeredBytes = 0;

  constructor(address: string, port: number, maxSendBytes: number, way: DatagramWay) {
    this.remoteAddress = address;
    this.remotePort = port;
    this.maxSendBytes = maxSendBytes;
    this.#way = way;
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  receive(body: BinaryString): void {
    this.#receivedBytes += body.length;
    this.#handler?.receive(body);
  }

  send(body: BinaryString): boolean {
    if (this.#isOver) return true;
    this.#answeredBytes += body.length;
    if (!this.#isTrusted && this.#answeredBytes > AMPLIFICATION_LIMIT * this.#receivedBytes) {
      this.#answeredBytes -= body.length;
      this.#way.prevented();
    } else this.#way.send(body);
    return true;
  }

  pause(): void {}

  resume(): void {}

  trust(): void {
    this.#isTrusted = true;
  }

  close(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#way.ended();
    this.#handler?.closed();
  }
}

function keyOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address} ${port}`;
}
