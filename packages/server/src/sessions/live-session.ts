import type { BinaryString, Instant } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';

/**
 * How long one peer may be kept waiting because another one reads slowly, in milliseconds: below the time-out of every
 * client, whose keep-alives wait too.
 */
export const MAX_WAIT_MS = 1000;

/** A session that is online, as delivery and the directory see it. */
export interface LiveSession {
  readonly info: SessionInfo;
  /** Largest frame body that the peer can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Whether the peer has been behind for so long that nobody should wait for it any more. */
  isStuck(now: Instant): boolean;
  /** Returns false when the peer reads too slowly. */
  send(body: BinaryString): boolean;
  /** Stops reading from this peer until `receiver` has caught up, {@link MAX_WAIT_MS} at the longest. */
  waitFor(receiver: LiveSession): void;
  /** Calls `resume` once, when the peer has caught up or is gone. */
  onCaughtUp(resume: () => void): void;
  /** Another session of the same user takes the place. Ends this one, with a kick-out where a code is given. */
  displace(kickCode: number | undefined): void;
  /** Ends it with a kick-out. */
  kick(code: number, reason: string | undefined): void;
  /** Ends it; the peer may come back. */
  end(): void;
}
