import type { BinaryString } from '@imcore/protocol';
import type { OnlineUser } from '../hooks.js';

/** A session that is online, as delivery and the directory see it. */
export interface LiveSession {
  readonly info: OnlineUser;
  /** Largest frame body that the peer can be sent, in bytes. */
  readonly maxSendBytes: number;
  /** Returns false when the peer reads too slowly. */
  send(body: BinaryString): boolean;
  /** Stops reading from this peer until `receiver` has caught up. */
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
