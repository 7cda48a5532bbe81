import type { BinaryString, ProtocolError, TransportKind } from '@imcore/protocol';

/**
 * One attached peer on one transport, as a transport offers it to the server.
 *
 * Takes and gives whole frame bodies; how they are cut on the wire is the transport's affair.
 */
export interface Connection {
  readonly transport: TransportKind;
  /** IP address of the peer; for a WebSocket behind a trusted proxy, the address the proxy reports. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Largest body that this peer can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Bytes taken by {@link send} that have not left the process yet. */
  readonly bufferedBytes: number;
  /**
   * Takes a frame body for sending; the frames of one tick leave together. Returns false when the peer reads too
   * slowly: the caller should stop feeding it until {@link ConnectionHandler.drained}.
   */
  send(body: BinaryString): boolean;
  /** Stops reading from the peer. Without effect on UDP. */
  pause(): void;
  resume(): void;
  /** Whether there is more for the peer than it may be sent before {@link trust}. Never on a stream. */
  readonly awaitsProof: boolean;
  /** The peer has logged in: there may be messages for it. */
  admit(): void;
  /** The peer has shown that it receives what it is sent: bounds on what may be aimed at its address end. */
  trust(): void;
  /** Ends the connection after what was sent has left. */
  close(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What the server does with a connection. After `closed` nothing else is called. */
export interface ConnectionHandler {
  /** A complete frame body. */
  receive(body: BinaryString): void;
  /** The peer broke the framing; nothing more can be read from it. */
  violated(error: ProtocolError): void;
  /** The peer has caught up after `send` had returned false. */
  drained(): void;
  /** The connection is gone, whoever ended it. Called exactly once. */
  closed(): void;
}

/** Why the server does not take a connection. */
export type RejectionReason = 'sessions' | 'sessions-per-address' | 'closing';

/** What a transport needs of the server. */
export interface TransportHost {
  /** A new connection, before its first frame. Returns the reason where the server does not take it. */
  accept(connection: Connection, transport: ServerTransport): ConnectionHandler | RejectionReason;
  /** A frame or an answer that the transport dropped by itself, counted under the given name. */
  count(name: TransportCount): void;
  /** Something failed that no single connection is to blame for. */
  failed(error: Error): void;
}

/** Names of what transports count. */
export type TransportCount = 'datagramsTooLarge' | 'amplificationPrevented' | 'handshakesRejected';

/** Where a transport listens. */
export interface TransportAddress {
  readonly transport: TransportKind;
  readonly host: string;
  readonly port: number;
}

/** Turns sockets of one transport into connections. */
export interface ServerTransport {
  readonly transport: TransportKind;
  /** A session that has received no complete packet for so long is closed. In milliseconds. */
  readonly readTimeoutMs: number;
  /** Largest body that any of its peers can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Resolves when it accepts peers; the address then holds the real port. */
  listen(host: TransportHost): Promise<TransportAddress>;
  /** Takes no new peers from now on. Those it has stay. */
  stopAccepting(): void;
  /** Ends what is left and frees the port. */
  close(): Promise<void>;
}
