import type { BinaryString } from '@imcore/protocol';
import type {
  Connection,
  ConnectionHandler,
  ServerTransport,
  TransportAddress,
  TransportHost,
} from '@imcore/server/ports';
import type { Listening, SimulatedNetwork } from '../network/simulated-network.js';
import type { StreamEnd } from '../network/stream-end.js';
import { FrameCutter, frame } from './frames.js';

export interface StreamTransportSettings {
  readonly port: number;
  readonly readTimeoutMs: number;
  readonly maxBodyBytes: number;
}

/** TCP or WebSocket over a simulated network. */
export class MemoryStreamTransport implements ServerTransport {
  readonly transport: 'tcp' | 'websocket';
  readonly readTimeoutMs: number;
  readonly maxSendBytes: number;
  readonly #network: SimulatedNetwork;
  readonly #port: number;
  readonly #maxBodyBytes: number;
  readonly #ends = new Set<StreamEnd>();
  #listening: Listening | undefined;

  constructor(network: SimulatedNetwork, transport: 'tcp' | 'websocket', settings: StreamTransportSettings) {
    this.#network = network;
    this.transport = transport;
    this.readTimeoutMs = settings.readTimeoutMs;
    this.maxSendBytes = settings.maxBodyBytes;
    this.#port = settings.port;
    this.#maxBodyBytes = settings.maxBodyBytes;
  }

  listen(host: TransportHost): Promise<TransportAddress> {
    this.#listening = this.#network.listenStreams(this.#port, (end, address, port) =>
      this.#accept(host, end, address, port),
    );
    return Promise.resolve({ transport: this.transport, host: '127.0.0.1', port: this.#listening.port });
  }

  stopAccepting(): void {
    this.#listening?.close();
    this.#listening = undefined;
  }

  close(): Promise<void> {
    this.stopAccepting();
    for (const end of this.#ends) end.destroy();
    return Promise.resolve();
  }

  #accept(host: TransportHost, end: StreamEnd, address: string, port: number): void {
    const connection = new MemoryStreamConnection(this.transport, end, address, port, this.#maxBodyBytes);
    const handler = host.accept(connection, this);
    if (typeof handler === 'string') {
      end.destroy();
      return;
    }
    this.#ends.add(end);
    connection.attach(handler, () => this.#ends.delete(end));
  }
}

class MemoryStreamConnection implements Connection {
  readonly transport: 'tcp' | 'websocket';
  readonly isReliable = true;
  readonly canPause = true;
  readonly addressProof = undefined;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly #end: StreamEnd;
  #isEnding = false;

  constructor(
    transport: 'tcp' | 'websocket',
    end: StreamEnd,
    address: string,
    port: number,
    maxBodyBytes: number,
  ) {
    this.transport = transport;
    this.#end = end;
    this.remoteAddress = address;
    this.remotePort = port;
    this.maxSendBytes = maxBodyBytes;
  }

  get bufferedBytes(): number {
    return this.#end.bufferedBytes;
  }

  /** Passes on what the peer sends until this side ends the connection. */
  attach(handler: ConnectionHandler, onClosed: () => void): void {
    const cutter = new FrameCutter(this.maxSendBytes);
    this.#end.attach({
      data: (bytes) => {
        const error = cutter.push(bytes, (body) => {
          if (!this.#isEnding) handler.receive(body);
          return !this.#isEnding;
        });
        if (error !== undefined && !this.#isEnding) handler.violated(error);
      },
      drained: () => handler.drained(),
      closed: () => {
        onClosed();
        handler.closed();
      },
    });
  }

  send(body: BinaryString): boolean {
    return this.#end.write(frame(body));
  }

  pause(): void {
    this.#end.pause();
  }

  resume(): void {
    this.#end.resume();
  }

  close(): void {
    this.#isEnding = true;
    this.#end.end();
  }

  destroy(): void {
    this.#isEnding = true;
    this.#end.destroy();
  }
}
