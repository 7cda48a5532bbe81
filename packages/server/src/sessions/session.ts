import { type Packet, PacketType, UNSET_ID } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';

/** Where a session is in its life. */
export type SessionState = 'anonymous' | 'authenticating' | 'online' | 'closed';

/** What is to be done about a packet. The packet itself says the rest. */
export type SessionEffect =
  | 'authenticate'
  | 'answer-keep-alive'
  | 'route'
  | 'take-acknowledgement'
  | 'answer-echo'
  | 'close'
  /** Keep it until the login that is under way is decided. */
  | 'defer'
  | 'refuse-not-logged-in'
  | 'refuse-spoofed-sender'
  | 'ignore';

/**
 * One peer's conversation, from connect to close: which packet is allowed when, and as whom.
 *
 * Pure: it knows no connection, hook or clock. The caller carries out what {@link receive} returns and reports the
 * outcome of a login with {@link accepted}.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export class Session {
  #state: SessionState = 'anonymous';
  /** Its own copy: the application is given `info`, and may write to it. */
  #userId: string | undefined = undefined;
  #info: SessionInfo | undefined = undefined;
  #takesMessages = true;

  get state(): SessionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state !== 'closed';
  }

  /** The user that this session speaks for; undefined before the first accepted login. */
  get userId(): string | undefined {
    return this.#userId;
  }

  /** The session as the application sees it; undefined before the first accepted login. */
  get info(): SessionInfo | undefined {
    return this.#info;
  }

  receive(packet: Packet): SessionEffect {
    if (this.#state === 'closed') return 'ignore';
    switch (packet.type) {
      case PacketType.Data:
        return this.#takesMessages ? this.#fromUser(packet, 'route') : 'ignore';
      case PacketType.Acknowledgement:
        return this.#fromUser(packet, 'take-acknowledgement');
      case PacketType.KeepAlive:
        if (this.#state === 'authenticating') return 'defer';
        return this.#state === 'online' ? 'answer-keep-alive' : 'refuse-not-logged-in';
      case PacketType.Login:
        if (this.#state === 'authenticating') return 'defer';
        if (!this.#takesMessages) return 'ignore';
        this.#state = 'authenticating';
        return 'authenticate';
      case PacketType.Logout:
        return 'close';
      case PacketType.Echo:
        return 'answer-echo';
      default:
        return 'ignore';
    }
  }

  /** The login that {@link receive} asked for is accepted: from now on this session is that user. */
  accepted(info: SessionInfo): void {
    this.#state = 'online';
    this.#userId = info.userId;
    this.#info = info;
  }

  /** The login came to nothing and the session goes on as it was: UDP ignores what it cannot read. */
  loginIgnored(): void {
    this.#state = this.#userId === undefined ? 'anonymous' : 'online';
  }

  /** From now on messages and logins are passed over: their senders try again elsewhere. */
  stopTaking(): void {
    this.#takesMessages = false;
  }

  close(): void {
    this.#state = 'closed';
  }

  /** A packet that only a logged-in user may send, and only in the own name. */
  #fromUser(packet: Packet, effect: SessionEffect): SessionEffect {
    if (this.#state === 'authenticating') return 'defer';
    if (this.#state !== 'online') return 'refuse-not-logged-in';
    const { from } = packet;
    return from === this.#userId || from === undefined || from === UNSET_ID
      ? effect
      : 'refuse-spoofed-sender';
  }
}
