import type { Message } from './message.js';

/** A login that the application accepts or rejects. */
export interface LoginAttempt {
  readonly userId: string;
  readonly token: string | undefined;
  /** Additional data of the application in the login. */
  readonly extra: string | undefined;
  readonly transport: string;
  /** IP address of the user; behind a trusted proxy the one that the proxy names. */
  readonly remoteAddress: string;
  /** What the client says of its device; undefined for clients of MobileIMSDK, and on a server without a store. */
  readonly device: { readonly id: string; readonly kind: string; readonly name: string } | undefined;
}

/** Whether a login is accepted. Codes from 1025 on are for the application. */
export type LoginVerdict = { readonly accept: true } | { readonly accept: false; readonly code: number };

/** Whether a message is accepted. `code`: up to 64 characters, for clients with a log. */
export type MessageVerdict = boolean | { readonly accept: boolean; readonly code?: string | undefined };

/** A session of a user, as it was at its login. */
export interface SessionInfo {
  /** Unique on this server. Each login gets a new one, including a repeated one on the same connection. */
  readonly sessionId: number;
  readonly userId: string;
  /** Empty for the device that all clients of MobileIMSDK share. */
  readonly deviceId: string;
  /** Name of the transport. */
  readonly transport: string;
  /** IP address of the user; behind a trusted proxy the one that the proxy names. */
  readonly remoteAddress: string;
  /** The port at this address; 0 if it is not known. */
  readonly remotePort: number;
  /**
   * When the client first logged in since its start, milliseconds since 1970. Later than those of the user's earlier logins, also
   * if the clock was set back; not what the client claims if that is more than a day ahead of the clock.
   */
  readonly firstLoginTime: number;
  readonly extra: string | undefined;
}

/** The session that a message to the server came from. */
export interface Sender extends SessionInfo {
  /** Sends a message back to this user; see `ImServer.send`. */
  send(content: string, options?: SendOptions): Promise<SendOutcome>;
}

/** Options of `send`. */
export interface SendOptions {
  /** The application's own message type, a 32-bit number. Default -1: none. */
  readonly type?: number | undefined;
  /** Whether the receiver must acknowledge. Default true. */
  readonly qos?: boolean | undefined;
  /** The message's fingerprint; the receiver ignores copies. Default: a new UUID. */
  readonly fingerprint?: string | undefined;
}

/**
 * The outcome of `send`. `received`: the receiver has acknowledged the message. `stored`: the store has it. `bridged`: the
 * bridge's broker has it. `written`: it was written to a session, without QoS.
 */
export type SendOutcome = 'received' | 'stored' | 'bridged' | 'written';

/**
 * Functions of the application that the server calls. A hook returns its answer, or a promise that must settle within
 * `hookTimeoutMs`. A hook that throws or is late is reported as a `HookError` with the event `error`.
 */
export interface Hooks {
  /** Decides about a login. Default: all are accepted. If the hook throws or is late, the login is rejected with code 2. */
  authenticate?(login: LoginAttempt): LoginVerdict | Promise<LoginVerdict>;
  /**
   * Whether a user may send a message, to another user or to the server (`to` is `"0"`). Default: every message is allowed.
   * A rejected message is neither delivered nor acknowledged; a client with a log is told at once, with the `code` of the answer or
   * `ERR_NOT_AUTHORIZED`. If the hook throws or is late, the message is rejected, and the client is not told: it sends it again.
   */
  authorizeMessage?(message: Message, sender: SessionInfo): MessageVerdict | Promise<MessageVerdict>;
  /**
   * Handles a message to the server. A QoS sender is acknowledged when the hook has returned or resolved. If it throws or is
   * late, the sender is not acknowledged, and the hook is called again with the sender's next copy.
   */
  onServerMessage?(message: Message, sender: Sender): void | Promise<void>;
  /**
   * Whether the application takes a message that could be neither delivered nor stored. True: the application is
   * responsible for it, and a QoS sender is acknowledged. False (the default), or no answer in time: the message is dropped,
   * and its sender is not acknowledged. Not called for messages of `ImServer.send`, whose promise rejects.
   */
  onUndeliverable?(message: Message): boolean | Promise<boolean>;
  /**
   * Called with messages that wait in the store for users who are not online, or whose session has ended without
   * acknowledging them: for push notifications. Called once for each message, about 200 ms after it was stored, with up to
   * 100 messages, one call after the other. If the hook throws or is late, it is called again after 1 s, then 2 s, up to a
   * minute. Messages that it was not called for are forgotten when the process ends. In a cluster it is called at the node that has
   * stored the message; for a user who is online at another node, when that session has ended without acknowledging it.
   */
  onStored?(messages: readonly Message[]): void | Promise<void>;
}
