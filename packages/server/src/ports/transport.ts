import type { BinaryString, ProtocolError } from '@imcore/protocol';

/**
 * The kind of a frame. Until the peer has proved its address, messages may wait and answers are sent first. A copy, which is a
 * retransmission of a message, never waits.
 */
export type FrameKind = 'message' | 'copy' | 'answer';

/**
 * A connection of one peer, as a transport offers it to the server.
 *
 * Sends and receives whole frame bodies; the transport does the framing.
 */
export interface Connection {
  /** Name of the transport, for logs and metrics: `tcp`, `udp`, `websocket`, or any other. Nothing depends on it. */
  readonly transport: string;
  /** Whether frames arrive in order and without loss while the connection is open. Then a broken frame ends the connection. */
  readonly isReliable: boolean;
  /** Whether {@link pause} stops the peer from sending. If it does not, packets beyond a limit are dropped. */
  readonly canPause: boolean;
  /**
   * Limits what is sent to an address that may be forged. Undefined if a handshake verifies the address, as in TCP. With it, a
   * packet that does not log in leaves no session: {@link close} is called after it.
   */
  readonly addressProof: AddressProof | undefined;
  /**
   * IP address of the peer. Empty if peers have none, as on a Unix socket: then the limits per address do not apply.
   */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Maximum size of a body that this peer can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Bytes passed to {@link send} that have not left the process. */
  readonly bufferedBytes: number;
  /**
   * Sends a frame body; the frames of one turn of the event loop leave together. Returns false if the peer reads too
   * slowly: the caller should wait for {@link ConnectionHandler.drained}.
   */
  send(body: BinaryString, kind: FrameKind): boolean;
  /** Stops reading from the peer, if {@link canPause}. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what was sent has left. */
  close(): void;
  /** Ends the connection at once. */
  destroy(): void;
}

/** The limits on what is sent to an address that may be forged. */
export interface AddressProof {
  /** Whether the peer should be asked for a proof: it has given none, or most of what its proofs permit is used up. */
  readonly isAwaited: boolean;
  /** How much the address may be sent now, in bytes. */
  readonly allowedBytes: number;
  /** The peer has proved that it receives, by acknowledging a fingerprint that the server has chosen: it may be sent more. */
  trust(): void;
}

/** The server's side of a connection. After `closed` nothing else is called. */
export interface ConnectionHandler {
  /** A complete frame body was received. */
  receive(body: BinaryString): void;
  /** The peer broke the framing; nothing more can be read from it. */
  violated(error: ProtocolError): void;
  /**
   * The transport itself has answered a control frame of the peer, such as a ping. It counts as a packet for the limits, but
   * not as activity. `hasRoom`: what {@link Connection.send} would have returned for the answer.
   */
  answeredPing(hasRoom: boolean): void;
  /** The peer has caught up after `send` returned false, or after more than 16 KiB were buffered. */
  drained(): void;
  /** The connection is gone, whoever ended it. Called exactly once. */
  closed(): void;
}

/** Why the server rejects a connection. */
export type RejectionReason = 'sessions' | 'sessions-per-address' | 'open-files' | 'closing';

/** Ends a socket, or the session on it, that has not logged in in time. */
export interface AdmissionDeadline {
  loginTimedOut(): void;
}

/** A socket that a transport has accepted, before anything was read from it. */
export interface AcceptedSocket extends AdmissionDeadline {
  /** IP address of the peer, or of the proxy that it comes through. Empty if there is none, as on a Unix socket. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Number of its file descriptor; undefined if it has none or it is not known. */
  readonly fileDescriptor: number | undefined;
}

/**
 * The place of an accepted socket in the limits. It counts until {@link release}; when the socket has become a session, until
 * the session's connection is gone.
 */
export interface SocketAdmission {
  /** The address that the socket counts under. */
  readonly remoteAddress: string;
  /** The port at this address; 0 if it is not known. */
  readonly remotePort: number;
  /**
   * Counts the socket under another address from now on: the peer's, after a proxy has named it. Returns the reason if that
   * address is beyond its limit: then nothing has changed, and the socket must be destroyed. Call it before the socket becomes
   * a session.
   */
  moveTo(remoteAddress: string, remotePort: number): RejectionReason | undefined;
  /** A session has taken the socket's place: it counts from now on, and ends at the deadline. Called by the host only. */
  becomeSession(deadline: AdmissionDeadline): void;
  /** The deadline no longer applies: the peer has sent its login, or another part is responsible for the socket. */
  endDeadline(): void;
  /** The socket is closed. */
  release(): void;
}

/** The server, as a transport sees it. */
export interface TransportHost {
  /**
   * Counts an accepted socket and starts the deadline of its login, before anything is read from it: for transports whose
   * sockets are not a connection yet. Returns the reason if the server rejects it: destroy the socket then.
   */
  admit(socket: AcceptedSocket): SocketAdmission | RejectionReason;
  /**
   * Offers a new connection, before its first frame. Returns the reason if the server rejects it. `admission`: the place of its
   * socket, which the connection takes; a rejected socket keeps it until it is closed.
   */
  accept(
    connection: Connection,
    transport: ServerTransport,
    admission?: SocketAdmission | undefined,
  ): ConnectionHandler | RejectionReason;
  /** Whether an address belongs to a trusted proxy, which may name the address on whose behalf it connects. So does an empty one. */
  isTrustedProxy(address: string): boolean;
  /** Counts and reports a header of a trusted proxy that is malformed or missing. The transport closes the connection. */
  proxyHeaderRejected(transport: string, remoteAddress: string, reason: string): void;
  /** Counts something that the transport itself dropped, rejected or lost. */
  count(name: TransportCount): void;
  /** Reports an error that does not belong to one connection. */
  failed(error: Error): void;
}

/** Names of what transports count. */
export type TransportCount =
  | 'datagramsTooLarge'
  | 'amplificationPrevented'
  | 'handshakesRejected'
  | 'workersLost'
  | 'workerDrops';

/** Where a transport listens. */
export interface TransportAddress {
  readonly transport: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Accepts connections of one kind. `tcp()`, `udp()` and `websocket()` return transports; others can be written with
 * `@imcore/server/transport-kit`.
 */
export interface ServerTransport {
  /** Name of the transport; see {@link Connection.transport}. */
  readonly transport: string;
  /** A session from which no complete packet was received for so many milliseconds is closed. */
  readonly readTimeoutMs: number;
  /** Maximum size of a body that any of its peers can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Resolves when it accepts peers; the address then holds the real port. */
  listen(host: TransportHost): Promise<TransportAddress>;
  /** Rejects new connections from now on. Open connections stay. */
  stopAccepting(): void;
  /**
   * Closes the listening socket, so that connecting fails from now on and load balancers turn to other servers. Open connections
   * stay; {@link stopAccepting} may follow. Does nothing on a shared HTTP server. Absent where there is no such socket, as on UDP.
   */
  readonly stopListening?: (() => void) | undefined;
  /** Ends the open connections and releases the port. */
  close(): Promise<void>;
}
