import type { BinaryString, ProtocolError } from '@imcore/protocol';
import type {
  Connection,
  ConnectionHandler,
  Gateway,
  GatewayAddress,
  GatewayCount,
  GatewayHost,
  RefusalReason,
} from '@imcore/server/ports';

/** A peer of a gateway under test: a bare socket that speaks whole frame bodies. */
export interface GatewayPeer {
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

/** A gateway under test, and what the suite needs to talk to it. */
export interface GatewayFixture {
  /** A gateway that does not listen yet, on the port that was asked for. */
  readonly gateway: Gateway;
  /** Largest body that the gateway takes, in bytes. */
  readonly maxBodyBytes: number;
  /** Resolves when the peer's side of the connection is open, or has found out that it cannot be. */
  connect(address: GatewayAddress): Promise<GatewayPeer>;
  /** Resolves when the condition holds. Rejects when it does not come true in any reasonable time. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves when nothing more is under way on connections that are read. */
  settle(): Promise<void>;
  /** Frees what the fixture opened; the suite closes the gateway itself. */
  dispose(): Promise<void>;
}

/** Makes a fixture of its own for each test. `port` 0 means any free one. */
export type CreateGatewayFixture = (options: { readonly port: number }) => Promise<GatewayFixture>;

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
export class RecordingHost implements GatewayHost {
  readonly handlers: RecordingHandler[] = [];
  readonly counts: GatewayCount[] = [];
  readonly failures: Error[] = [];
  refusal: RefusalReason | undefined;
  refusals = 0;
  onReceive: (body: BinaryString, handler: RecordingHandler) => void = () => {};

  accept(connection: Connection): ConnectionHandler | RefusalReason {
    if (this.refusal !== undefined) {
      this.refusals += 1;
      return this.refusal;
    }
    const handler = new RecordingHandler(connection, (body, own) => this.onReceive(body, own));
    this.handlers.push(handler);
    return handler;
  }

  count(name: GatewayCount): void {
    this.counts.push(name);
  }

  failed(error: Error): void {
    this.failures.push(error);
  }
}
