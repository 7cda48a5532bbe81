import type { BinaryString, ProtocolError } from '@imcore/protocol';
import type {
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  TransportAddress,
  TransportCount,
  TransportHost,
} from '@imcore/server/ports';

/** A peer of a transport under test: a bare socket that speaks whole frame bodies. */
export interface ServerTransportPeer {
  /** Frame bodies that have come, oldest first. */
  readonly received: readonly BinaryString[];
  /** Whether it has seen its connection end. Always false on UDP. */
  readonly isClosed: boolean;
  send(body: BinaryString): void;
  /** Stops reading. Without effect on UDP. */
  pause(): void;
  resume(): void;
  /** Ends its connection in order. */
  close(): void;
  /** Ends it suddenly. */
  destroy(): void;
}

/** A transport under test, and what the suite needs to talk to it. */
export interface ServerTransportFixture {
  /** A transport that does not listen yet, on the port that was asked for. */
  readonly transport: ServerTransport;
  /** Largest body that the transport takes, in bytes. */
  readonly maxBodyBytes: number;
  /** Resolves when the peer's side of the connection is open, or has found out that it cannot be. */
  connect(address: TransportAddress): Promise<ServerTransportPeer>;
  /** Resolves when the condition holds. Rejects when it does not come true in any reasonable time. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves when nothing more is under way on connections that are read. */
  settle(): Promise<void>;
  /** Frees what the fixture opened; the suite closes the transport itself. */
  dispose(): Promise<void>;
}

/** Makes a fixture of its own for each test. `port` 0 means any free one. */
export type CreateServerTransportFixture = (options: {
  readonly port: number;
}) => Promise<ServerTransportFixture>;

/** The server's side of one connection, as the suite sees it. */
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

/** A host that takes every connection unless told otherwise, and remembers everything. */
export class RecordingHost implements TransportHost {
  readonly handlers: RecordingHandler[] = [];
  readonly counts: TransportCount[] = [];
  readonly failures: Error[] = [];
  refusal: RejectionReason | undefined;
  refusals = 0;
  onReceive: (body: BinaryString, handler: RecordingHandler) => void = () => {};

  accept(connection: Connection): ConnectionHandler | RejectionReason {
    if (this.refusal !== undefined) {
      this.refusals += 1;
      return this.refusal;
    }
    const handler = new RecordingHandler(connection, (body, own) => this.onReceive(body, own));
    this.handlers.push(handler);
    return handler;
  }

  count(name: TransportCount): void {
    this.counts.push(name);
  }

  failed(error: Error): void {
    this.failures.push(error);
  }
}
