import type { BinaryString, ProtocolError } from '@imcore/protocol';
import type {
  AcceptedSocket,
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  SocketAdmission,
  TransportAddress,
  TransportCount,
  TransportHost,
} from '@imcore/server/ports';

/** A peer of a transport under test: a socket that sends and receives frame bodies. */
export interface ServerTransportPeer {
  /** Frame bodies that have arrived, oldest first. */
  readonly received: readonly BinaryString[];
  /** Whether it has seen its connection end. Always false on UDP. */
  readonly isClosed: boolean;
  send(body: BinaryString): void;
  /** Stops reading. Without effect on UDP. */
  pause(): void;
  resume(): void;
  /** Closes its connection. */
  close(): void;
  /** Breaks its connection. */
  destroy(): void;
}

/** A transport under test, and what the suite needs to talk to it. */
export interface ServerTransportFixture {
  /** A transport for the requested port that does not listen yet. */
  readonly transport: ServerTransport;
  /** Largest body that the transport accepts, in bytes. */
  readonly maxBodyBytes: number;
  /** Resolves when the peer's side of the connection is open, or has failed. */
  connect(address: TransportAddress): Promise<ServerTransportPeer>;
  /** Resolves when the condition holds. Rejects when that takes too long. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves when nothing is in transit on connections that are read. */
  settle(): Promise<void>;
  /** Releases what the fixture opened. The suite closes the transport. */
  dispose(): Promise<void>;
}

/** Creates a fixture for each test. `port` 0 means a free one. */
export type CreateServerTransportFixture = (options: {
  readonly port: number;
}) => Promise<ServerTransportFixture>;

/** Records what a connection reports to the server. */
export class RecordingHandler implements ConnectionHandler {
  readonly connection: Connection;
  readonly received: BinaryString[] = [];
  readonly violations: ProtocolError[] = [];
  drainedCount = 0;
  closedCount = 0;
  callsAfterClosed = 0;
  readonly #onReceive: (body: BinaryString, handler: RecordingHandler) => void;

  constructor(
    connection: Connection,
    onReceive: (body: BinaryString, handler: RecordingHandler) => void = () => {},
  ) {
    this.connection = connection;
    this.#onReceive = onReceive;
  }

  receive(body: BinaryString): void {
    this.#noteCall();
    this.received.push(body);
    this.#onReceive(body, this);
  }

  violated(error: ProtocolError): void {
    this.#noteCall();
    this.violations.push(error);
  }

  answeredPing(): void {
    this.#noteCall();
  }

  drained(): void {
    this.#noteCall();
    this.drainedCount += 1;
  }

  closed(): void {
    this.#noteCall();
    this.closedCount += 1;
  }

  #noteCall(): void {
    if (this.closedCount > 0) this.callsAfterClosed += 1;
  }
}

/** A host that accepts every connection unless `rejection` is set, and records everything. */
export class RecordingHost implements TransportHost {
  readonly handlers: RecordingHandler[] = [];
  readonly counts: TransportCount[] = [];
  readonly failures: Error[] = [];
  rejection: RejectionReason | undefined;
  rejections = 0;
  onReceive: (body: BinaryString, handler: RecordingHandler) => void = () => {};

  admit({ remoteAddress, remotePort }: AcceptedSocket): SocketAdmission {
    return {
      remoteAddress,
      remotePort,
      moveTo: () => undefined,
      becomeSession() {},
      endDeadline() {},
      release() {},
    };
  }

  accept(connection: Connection): ConnectionHandler | RejectionReason {
    if (this.rejection !== undefined) {
      this.rejections += 1;
      return this.rejection;
    }
    const handler = new RecordingHandler(connection, (body, own) => this.onReceive(body, own));
    this.handlers.push(handler);
    return handler;
  }

  isTrustedProxy(): boolean {
    return false;
  }

  proxyHeaderRejected(): void {}

  count(name: TransportCount): void {
    this.counts.push(name);
  }

  failed(error: Error): void {
    this.failures.push(error);
  }
}
