import type { Instant, Packet, ReceivedPacket } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';

/** Which sessions may send a type of packet, and when it is handled. */
export interface PacketRule {
  /**
   * - `anyone`: logged in or not.
   * - `logged-in`: else the peer is answered with error 301.
   * - `in-own-name`: the same, and `from` must be the session's user, or absent.
   */
  readonly allowed: 'anyone' | 'logged-in' | 'in-own-name';
  /** Whether it starts something: then it waits behind an answer of the application, and is ignored once the server closes. */
  readonly isWork: boolean;
}

/** Handles one type of packet of an application's own, on every session. Given to `createServer` by type. */
export interface PacketHandler extends PacketRule {
  /**
   * Called for each packet that {@link PacketRule} lets through. What it throws, or rejects with where it is asynchronous,
   * is reported with the event `error`. The next packet does not wait for it.
   */
  handle(session: PacketSession, packet: ReceivedPacket, now: Instant): void;
}

/** The session that a packet came from, as the handler of an application sees it. */
export interface PacketSession {
  readonly info: SessionInfo;
  /** Sends a packet back. */
  sendPacket(packet: Packet): void;
  /** Ends the session. */
  end(): void;
}
