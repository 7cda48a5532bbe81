import type { Message } from './message.js';

/** A login that waits for the application's verdict. */
export interface LoginAttempt {
  readonly userId: string;
  readonly token: string | undefined;
  /** The application's own text from the login. */
  readonly extra: string | undefined;
  readonly transport: string;
  readonly remoteAddress: string;
}

/**
 * Expected outcomes of a login. Codes from 1025 up are the application's.
 *
 * With a `deviceId`, 1 to 256 characters, the session belongs to that device of the user: it replaces only a session of the
 * same device, by the protocol's rule about duplicate logins, and is sent what arrives while it is online. What waits in the
 * store is brought to one device only, the user's first that is online. Default: the device that all clients of MobileIMSDK
 * share.
 */
export type LoginVerdict =
  | { readonly accept: true; readonly deviceId?: string | undefined }
  | { readonly accept: false; readonly code: number };

/** A session of a user, as it was at its login. */
export interface SessionInfo {
  /** Unique in this server. Each login gets a new one, also a repeated one on the same connection. */
  readonly sessionId: number;
  readonly userId: string;
  /** Empty for the device that all clients of MobileIMSDK share. */
  readonly deviceId: string;
  /** Name of the transport. */
  readonly transport: string;
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
  /** The message's id; the receiver ignores a repeat. Default: a new UUID. */
  readonly fingerprint?: string | undefined;
}

/**
 * What became of a message that `send` was called for: the receiver has acknowledged it (`received`); the store has it
 * (`stored`); the bridge's broker has it (`bridged`); or, without QoS, it was written to a session (`written`).
 */
export type SendOutcome = 'received' | 'stored' | 'bridged' | 'written';

/**
 * Questions that the application answers. Each has one owner; each may answer at once, or later within
 * `hookTimeoutMs`. One that throws or is late is reported as a `HookError` with the event `error`.
 */
export interface Hooks {
  /** Whether a login is accepted. Default: everyone is. A hook that throws or is late rejects with code 2. */
  authenticate?(login: LoginAttempt): LoginVerdict | Promise<LoginVerdict>;
  /**
   * Whether a message from a user may pass, to another user or (`to` `"0"`) to the server. Default: every message
   * may. A rejected message is neither delivered nor acknowledged. A hook that throws or is late rejects.
   */
  authorizeMessage?(message: Message, sender: SessionInfo): boolean | Promise<boolean>;
  /**
   * Takes a message to the server. A QoS sender is acknowledged when this has returned or resolved; when it throws
   * or is late, the message counts as not received and the hook is called again with the sender's next copy.
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
   * Is told which messages wait in the store for users who are not online, or whose session has ended without taking
   * them: for push notifications. Called once for each message, up to 100 at a time, some 200 ms after it was stored; one
   * call after the other. A hook that throws or is late is called again, after 1 s, then 2 s, up to a minute. Messages
   * that it was not called for are forgotten when the process ends.
   */
  onStored?(messages: readonly Message[]): void | Promise<void>;
}
