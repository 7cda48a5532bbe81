import type { BinaryString, Instant } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';

/**
 * How long the server stops reading from a sender because a receiver reads slowly, in milliseconds. Keep-alives wait too,
 * so it must be below the time-out of every client.
 */
export const MAX_WAIT_MS = 1000;

/** A user's open session, as users and delivery see it. */
export interface Outlet {
  readonly info: SessionInfo;
  /** Whether frames arrive in order and without loss. */
  readonly isReliable: boolean;
  /** Maximum size of a frame body that the peer can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Whether the peer has read too slowly for {@link MAX_WAIT_MS} or longer: senders no longer wait for it. */
  isStuck(now: Instant): boolean;
  /** Writes a message, or another copy of it. Returns false if the peer reads too slowly. */
  write(body: BinaryString, kind?: 'message' | 'copy'): boolean;
  /** Writes an answer. While the peer's address is not verified, answers are sent before messages. */
  answer(body: BinaryString): void;
  /** Stops reading from this peer until `receiver` has caught up, for {@link MAX_WAIT_MS} at most. */
  waitFor(receiver: Outlet): void;
  /** Calls `resume` once, when the peer has caught up or is gone. */
  onCaughtUp(resume: () => void): void;
  /** Ends this session because another session of the same device replaces it. Sends a kick-out if a code is given. */
  replace(kickCode: number | undefined): void;
  /** Ends this session with a kick-out. */
  kick(code: number, reason: string | undefined): void;
  /** Ends this session without a kick-out; the peer may reconnect. */
  end(): void;
}
