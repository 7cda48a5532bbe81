import type { BinaryString, Instant, LoginRequest, ProtocolError, ReceivedPacket } from '@imcore/protocol';
import type { PacketRule, PacketSession } from '../ports/packet-handler.js';
import type { Connection } from '../ports/transport.js';
import type { Outlet } from '../users/outlet.js';
import type { Device, User } from '../users/user.js';

/** The session that a packet came from, as the server's own handlers see it. */
export interface HandlerSession extends PacketSession {
  readonly connection: Connection;
  readonly isOpen: boolean;
  /** The user and the device that the session belongs to; undefined if it is not logged in. */
  readonly user: User | undefined;
  readonly device: Device | undefined;
  /** Whether packets wait because a hook is being asked. */
  readonly hasDeferred: boolean;
  /**
   * A readable login was received: a peer whose address may be forged gets its session only now. Returns false if a limit is
   * reached: then the login is ignored.
   */
  enter(): boolean;
  /** How long a login from the peer's address must wait, in milliseconds; undefined if it must be rejected. */
  loginDelayMs(now: Instant): number | undefined;
  /** The peer has proved that it receives what is sent to its address. */
  addressProven(): void;
  /** The session, as users and delivery see it. */
  readonly outlet: Outlet;
  /** Writes an answer. */
  answer(body: BinaryString): void;
  /** The peer has sent an extension that is invalid: `reason` says which member. It is ignored. */
  reportInvalid(reason: string): void;
  /** Returns the key that the peer must repeat in each datagram; creates it if there is none. Undefined over a stream. */
  openKey(): string | undefined;
  /**
   * Whether the peer has proven its address with the session's key. A login needs no key, so another one from this address may be
   * forged: it must not end the session.
   */
  readonly isProvenByKey: boolean;
  /** The login is ignored: the session is what it was before. */
  ignoreLogin(): void;
  /** Keeps a packet until the packets before it are handled. */
  defer(packet: ReceivedPacket): void;
  /** Packets with `isWork` wait until the hook has answered that is being asked about a message of `user`. */
  blockFor(user: User): void;
  /** Calls `run` at an instant, unless the session has ended by then. One call can be scheduled at a time. */
  later(at: Instant, run: () => void): void;
  /**
   * A login is being decided: other packets wait, unless the peer has proven its address with the session's key. Returns false if
   * the login must be ignored, because another one is being decided beside such packets.
   */
  loginStarted(): boolean;
  loginAccepted(device: Device, login: LoginRequest, sessionId: number, firstLoginTime: number): void;
  loginUnreadable(error: ProtocolError): void;
  /** Kicks the session out, because a newer session of the device exists. The peer has missed an earlier kick-out. */
  kickAsStale(userId: string): void;
  /** Reads from the peer more slowly: much that it sent is under way. No effect on a transport that cannot be paused. */
  slowDown(): void;
  /** The client has logged out. */
  logout(): void;
}

/** Handles one type of packet. */
export interface Handler extends PacketRule {
  handle(session: HandlerSession, packet: ReceivedPacket, now: Instant): void;
}

/** The handlers by packet type. */
export type Handlers = ReadonlyMap<number, Handler>;
