import { type Packet, UNSET_ID } from '@imcore/protocol';
import type { PacketRule } from '../ports/packet-handler.js';

/** Where a session is between connect and close. */
type SessionState = 'anonymous' | 'authenticating' | 'online' | 'closed';

/** What is to be done with a packet. `defer`: keep it until the login that is under way is decided. */
export type Admission = 'handle' | 'defer' | 'ignore' | 'not-logged-in' | 'spoofed-sender';

/**
 * One peer's conversation, from connect to close: which packet is allowed when, and as whom.
 *
 * Pure: it knows no connection, hook or clock. The caller does what {@link admit} returns, and reports each login with
 * {@link loginStarted} and its outcome.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export class Session {
  #state: SessionState = 'anonymous';
  #userId: string | undefined = undefined;
  #takesWork = true;

  get state(): SessionState {
    return this.#state;
  }

  /** The user that this session speaks for; undefined before the first accepted login. */
  get userId(): string | undefined {
    return this.#userId;
  }

  admit({ from }: Packet, { allowed, isWork }: PacketRule): Admission {
    if (this.#state === 'closed' || (isWork && !this.#takesWork)) return 'ignore';
    if (this.#state === 'authenticating' && (isWork || allowed !== 'anyone')) return 'defer';
    if (allowed === 'anyone') return 'handle';
    if (this.#state !== 'online') return 'not-logged-in';
    if (allowed === 'logged-in' || from === this.#userId || from === undefined || from === UNSET_ID)
      return 'handle';
    return 'spoofed-sender';
  }

  /** A login is under way. */
  loginStarted(): void {
    this.#state = 'authenticating';
  }

  /** The login is accepted: from now on this session is that user. */
  loginAccepted(userId: string): void {
    this.#state = 'online';
    this.#userId = userId;
  }

  /** The login came to nothing and the session is as it was: UDP ignores what it cannot read. */
  loginIgnored(): void {
    this.#state = this.#userId === undefined ? 'anonymous' : 'online';
  }

  /** From now on messages and logins are ignored: their senders try again elsewhere. */
  stopTakingWork(): void {
    this.#takesWork = false;
  }

  close(): void {
    this.#state = 'closed';
  }
}
