import type { BinaryString } from '@imcore/protocol';
import type { Connection, ConnectionHandler, ServerTransport, TransportHost } from '@imcore/server/ports';

/** A transport without sockets: what the server itself costs. */
export class DirectTransport implements ServerTransport {
  readonly transport = 'tcp';
  readonly readTimeoutMs = 60_000;
  readonly maxSendBytes = 6144;
  #host: TransportHost | undefined;

  listen(host: TransportHost) {
    this.#host = host;
    return Promise.resolve({ transport: this.transport, host: 'memory', port: 0 } as const);
  }

  /** A new peer, which is not logged in. */
  attach(): DirectPeer {
    const peer = new DirectPeer();
    const handler = this.#host?.accept(peer, this);
    if (handler === undefined || typeof handler === 'string') throw new Error(`not taken: ${handler}`);
    peer.handler = handler;
    return peer;
  }

  stopAccepting(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One peer; keeps what it was sent last. */
class DirectPeer implements Connection {
  readonly transport = 'tcp';
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly maxSendBytes = 6144;
  readonly bufferedBytes = 0;
  readonly isReliable = true;
  readonly canPause = true;
  readonly addressProof = undefined;
  handler: ConnectionHandler | undefined;
  last: BinaryString = '';
  sent = 0;

  send(body: BinaryString): boolean {
    this.last = body;
    this.sent += 1;
    return true;
  }

  receive(body: BinaryString): void {
    this.handler?.receive(body);
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
  destroy(): void {}
}
