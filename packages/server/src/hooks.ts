import type { TransportKind } from '@imcore/protocol';
import type { Message } from './message.js';

/** A login that waits for the application's verdict. */
export interface LoginAttempt {
  readonly userId: string;
  readonly token: string | undefined;
  /** The application's own text from the login. */
  readonly extra: string | undefined;
  readonly transport: TransportKind;
  readonly remoteAddress: string;
}

/** Expected outcomes of a login. Codes from 1025 up are the application's. */
export type LoginVerdict = { readonly accept: true } | { readonly accept: false; readonly code: number };

/** A user who is online. */
export interface SessionInfo {
  readonly userId: string;
  readonly transport: TransportKind;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Milliseconds since 1970, as given at the first login of the client's run. */
  readonly firstLoginTime: number;
  readonly extra: string | undefined;
}

/** The session that a message to the server came from. */
export interface Sender extends SessionInfo {
  /** Sends a message back to this user; see `ImServer.send`. */
  send(content: string, options?: SendOptions): Promise<SendOutcome>;
}

/** How the server sends a message of its own. */
export interface SendOptions {
  /** The application's own message type, a 32-bit number. Default -1: none. */
  readonly type?: number | undefined;
  /** Whether the receiver must acknowledge. Default true. */
  readonly qos?: boolean | undefined;
  /** The message's id; a repeat is not handed on twice. Default: a new UUID. */
  readonly fingerprint?: string | undefined;
}

/**
 * Who has a message that `send` was called for: the receiver has acknowledged it; the store has it; the bridge's
 * broker has it; or, without QoS, it was written to a session.
 */
export type SendOutcome = 'received' | 'stored' | 'bridged' | 'written';

/**
 * Questions that the application answers. Each has one owner; each may answer at once, or later within
 * `hookTimeoutMs`. One that throws or is late is reported as a `HookError` with the event `error`.
 */
export interface Hooks {
  /** Whether a login is accepted. Default: everyone is. A hook that throws or is late refuses with code 2. */
  authenticate?(login: LoginAttempt): LoginVerdict | Promise<LoginVerdict>;
  /**
   * Whether a message from a user may pass, to another user or (`to` `"0"`) to the server. Default: every message
   * may. What is refused is neither handed on nor acknowledged. A hook that throws or is late refuses.
   */
  authorizeMessage?(message: Message, sender: SessionInfo): boolean | Promise<boolean>;
  /**
   * Takes a message to the server. A QoS sender is acknowledged when this has returned or resolved; when it throws
   * or is late, the message counts as not received and the sender's next copy is handed in again.
   */
  onServerMessage?(message: Message, sender: Sender): void | Promise<void>;
  /**
   * Takes a message that could not be delivered and that no store has. True: the application is responsible now,
   * and a QoS sender is acknowledged. False (the default), or no
   * answer in time: the message is dropped and its sender not acknowledged.
   * Not asked about messages of `ImServer.send`, whose caller learns it from the promise.
   */
  onUndeliverable?(message: Message): boolean | Promise<boolean>;
  /**
   * Learns which messages wait in the store for users who are not online, or whose session has ended without taking
   * them: for push notifications. Told of each message once, up to 100 at a time, some 200 ms after it was stored; one
   * call after the other. A hook that throws or is late is told again, after 1 s, then 2 s, up to a minute. What it
   * was not told when the process ends it is not told.
   */
  onStored?(messages: readonly Message[]): void | Promise<void>;
}
