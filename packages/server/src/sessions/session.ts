import { type Packet, UNSET_ID } from '@imcore/protocol';
import type { PacketRule } from '../ports/packet-handler.js';

/** Where a session is between connect and close. */
type SessionState = 'anonymous' | 'authenticating' | 'online' | 'closed';

/** What to do with a packet. `defer`: keep it until the current login is decided. */
export type Admission = 'handle' | 'defer' | 'ignore' | 'not-logged-in' | 'spoofed-sender';

/**
 * One peer's conversation, from connect to close: which packet is allowed when, and as whom.
 *
 * Pure: it uses no connection, hook or clock. The caller does what {@link admit} returns. It calls {@link loginStarted} at
 * each login, and one of the methods after it when the login is decided.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export class Session {
  #state: SessionState = 'anonymous';
  #userId: string | undefined = undefined;
  #acceptsWork = true;

  get state(): SessionState {
    return this.#state;
  }

  /** The user that the session belongs to; undefined before the first accepted login. */
  get userId(): string | undefined {
    return this.#userId;
  }

  admit({ from }: Packet, { allowed, isWork }: PacketRule): Admission {
    if (this.#state === 'closed' || (isWork && !this.#acceptsWork)) return 'ignore';
    if (this.#state === 'authenticating' && (isWork || allowed !== 'anyone')) return 'defer';
    if (allowed === 'anyone') return 'handle';
    if (this.#state !== 'online') return 'not-logged-in';
    if (allowed === 'logged-in' || from === this.#userId || from === undefined || from === UNSET_ID)
      return 'handle';
    return 'spoofed-sender';
  }

  /** A login is being decided. */
  loginStarted(): void {
    this.#state = 'authenticating';
  }

  /** The login was accepted: from now on the session belongs to that user. */
  loginAccepted(userId: string): void {
    this.#state = 'online';
    this.#userId = userId;
  }

  /** The login was ignored: the session is in the state before it. UDP ignores packets that cannot be read. */
  loginIgnored(): void {
    this.#state = this.#userId === undefined ? 'anonymous' : 'online';
  }

  /** From now on messages and logins are ignored: their senders retry, on another connection. */
  stopAcceptingWork(): void {
    this.#acceptsWork = false;
  }

  close(): void {
    this.#state = 'closed';
  }
}
