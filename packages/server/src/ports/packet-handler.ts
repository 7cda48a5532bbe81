import type { Instant, Packet, ReceivedPacket } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';

/** Which sessions may send a type of packet, and when it is handled. */
export interface PacketRule {
  /**
   * - `anyone`: logged in or not. On UDP, a peer that is not logged in must be answered at once: its session ends with the packet.
   * - `logged-in`: otherwise the server answers with error 301.
   * - `in-own-name`: the same, and `from` must be the session's user, or absent.
   */
  readonly allowed: 'anyone' | 'logged-in' | 'in-own-name';
  /** Whether it starts work: then it waits while a hook is being asked, and is ignored once the server is closing. */
  readonly isWork: boolean;
}

/** Handles one packet type of the application, on every session. See the option `handlers` of `createServer`. */
export interface PacketHandler extends PacketRule {
  /**
   * Called for each packet that {@link PacketRule} allows. What it throws, or rejects with if it is asynchronous, is reported
   * with the event `error`. The next packet does not wait for it.
   */
  handle(session: PacketSession, packet: ReceivedPacket, now: Instant): void;
}

/** The session that a packet came from, as the handler of an application sees it. */
export interface PacketSession {
  readonly info: SessionInfo;
  /** Sends a packet to the peer. */
  sendPacket(packet: Packet): void;
  /** Ends the session. */
  end(): void;
}
