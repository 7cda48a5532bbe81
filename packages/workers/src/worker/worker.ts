import type { Duplex } from 'node:stream';
import { type TcpTransport, tcp, udp, type WebSocketTransport, websocket } from '@imcore/server';
import type { ServerTransport, TransportAddress } from '@imcore/server/ports';
import { Flusher, TrustedProxies } from '@imcore/server/transport-kit';
import {
  type CoreControl,
  describeFailure,
  type TransportName,
  type WorkerTransports,
} from '../link/control.js';
import { ForwardingHost } from './forwarding-host.js';
import { WorkerEnd, type WorkerEndOwner } from './worker-end.js';

/** A transport, and its `reloadTls` if it has one. */
type RunningTransport = ServerTransport & Partial<Pick<TcpTransport & WebSocketTransport, 'reloadTls'>>;

/**
 * Runs transports for a core at the other end of a stream, until the stream is closed.
 *
 * The core says which transports, with which options.
 */
export class Worker implements WorkerEndOwner {
  readonly #end: WorkerEnd;
  readonly #onEnd: () => void;
  readonly #transports: RunningTransport[] = [];

  /** `maxBodyBytes`: maximum size of a frame body. `onEnd` is called when the connections are destroyed after the end of the stream. */
  constructor(stream: Duplex, maxBodyBytes: number, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#end = new WorkerEnd(stream, new Flusher(), maxBodyBytes, this);
  }

  control(control: CoreControl): void {
    switch (control.type) {
      case 'start':
        this.#end.trust(new TrustedProxies(control.trustedProxies));
        this.#listen(control.transports).then(
          (addresses) => this.#end.tell({ type: 'listening', addresses }),
          (error: unknown) => this.#end.tell({ type: 'notListening', failure: describeFailure(error) }),
        );
        break;
      case 'stopAccepting':
        this.#transports.find(({ transport }) => transport === control.transport)?.stopAccepting();
        break;
      case 'reloadTls':
        this.#reloadTls(control);
        break;
      case 'close':
        this.#close().then(
          () => this.#end.link.end(),
          (error: unknown) => {
            this.#end.failed(error);
            this.#end.link.end();
          },
        );
        break;
      default:
        control satisfies never;
    }
  }

  ended(): void {
    this.#close().then(this.#onEnd, this.#onEnd);
  }

  async #listen(options: WorkerTransports): Promise<TransportAddress[]> {
    const addresses: TransportAddress[] = [];
    // One after the other, in the same order in all workers: `node:cluster` tells listeners apart by it.
    for (const transport of transportsOf(options)) {
      const host = new ForwardingHost(transport.transport as TransportName, this.#end);
      this.#transports.push(transport);
      addresses.push(await transport.listen(host));
    }
    return addresses;
  }

  #reloadTls({ tls }: Extract<CoreControl, { type: 'reloadTls' }>): void {
    try {
      for (const transport of this.#transports) transport.reloadTls?.(tls);
    } catch (error) {
      this.#end.failed(error);
    }
  }

  async #close(): Promise<void> {
    await Promise.all(this.#transports.splice(0).map((transport) => transport.close()));
  }
}

function transportsOf({ tcp: tcpOptions, websocket: webSocketOptions, udp: udpOptions }: WorkerTransports) {
  const transports: RunningTransport[] = [];
  if (tcpOptions !== undefined) transports.push(tcp(tcpOptions));
  if (webSocketOptions !== undefined) transports.push(websocket(webSocketOptions));
  if (udpOptions !== undefined) transports.push(udp(udpOptions));
  return transports;
}
