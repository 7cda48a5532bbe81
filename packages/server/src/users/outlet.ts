import type { BinaryString, Instant } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';

/**
 * How long one peer may be kept waiting because another one reads slowly, in milliseconds: below the time-out of every
 * client, whose keep-alives wait too.
 */
export const MAX_WAIT_MS = 1000;

/** A user's open session, as users and delivery see it. */
export interface Outlet {
  readonly info: SessionInfo;
  /** Largest frame body that the peer can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Whether the peer has been behind for so long that nobody should wait for it any more. */
  isStuck(now: Instant): boolean;
  /** Writes a message. Returns false when the peer reads too slowly. */
  write(body: BinaryString): boolean;
  /** Writes an answer, which goes before messages where an address must prove itself first. */
  answer(body: BinaryString): void;
  /** Stops reading from this peer until `receiver` has caught up, {@link MAX_WAIT_MS} at the longest. */
  waitFor(receiver: Outlet): void;
  /** Calls `resume` once, when the peer has caught up or is gone. */
  onCaughtUp(resume: () => void): void;
  /** Another session of the same device takes its place. Ends this one, with a kick-out where a code is given. */
  replace(kickCode: number | undefined): void;
  /** Ends it with a kick-out. */
  kick(code: number, reason: string | undefined): void;
}
