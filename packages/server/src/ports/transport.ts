import type { BinaryString, ProtocolError } from '@imcore/protocol';

/** What a frame is to the peer: a message waits its turn where an address must prove itself first, an answer goes before. */
export type FrameKind = 'message' | 'answer';

/**
 * One attached peer on one transport, as a transport offers it to the server.
 *
 * Takes and gives whole frame bodies; how they are cut on the wire is the transport's affair.
 */
export interface Connection {
  /** Name of the transport, for people and metrics: `tcp`, `udp`, `websocket`, or any other. Nothing depends on it. */
  readonly transport: string;
  /** Whether frames arrive in order and none is lost while the connection lives. A broken frame then breaks all that follow. */
  readonly isReliable: boolean;
  /** Whether {@link pause} stops the peer from sending. Where it does not, packets beyond a limit are dropped. */
  readonly canPause: boolean;
  /** Where the remote address may be forged: what the server may do about it. Undefined where a handshake proves it. */
  readonly addressProof: AddressProof | undefined;
  /**
   * IP address of the peer; for a WebSocket behind a trusted proxy, the address the proxy reports. Empty where peers have
   * none, as on a Unix socket: then the limits per address do not apply.
   */
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
  send(body: BinaryString, kind: FrameKind): boolean;
  /** Stops reading from the peer, where {@link canPause}. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what was sent has left. */
  close(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** The bounds on what may be sent to an address that may be forged. */
export interface AddressProof {
  /** Whether there is more for the peer than it may be sent before {@link trust}. */
  readonly isAwaited: boolean;
  /** The peer has logged in: there may be messages for it. */
  admit(): void;
  /** The peer has shown that it receives what it is sent: the bounds end. */
  trust(): void;
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
  readonly transport: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Turns sockets of one kind into connections. `tcp()`, `udp()` and `websocket()` are such; others can be written with
 * `@imcore/server/transport-kit`.
 */
export interface ServerTransport {
  /** Name of the transport; see {@link Connection.transport}. */
  readonly transport: string;
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
