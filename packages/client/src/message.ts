/** The content of a received message. */
export interface MessageFields {
  /** Sender's user id; `"0"` for the server, `"-1"` if the packet has none. */
  readonly from: string;
  /** This client's user id; the receiver's if `isOwn`. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The sender's id of the message, unique per sender; undefined only without QoS. */
  readonly fingerprint: string | undefined;
  /** The server's id of the message, which grows within its conversation. Undefined if the message has no position. */
  readonly id?: number | undefined;
  /** The other user of the conversation. Undefined if the message has no position. */
  readonly conversation?: string | undefined;
  /** When the server accepted the message, in milliseconds since 1970. Undefined if the message has no position. */
  readonly serverTime?: number | undefined;
  /**
   * The message's position in the user's log, which is the same for all devices of the user. Messages come in its order, each
   * once, except after a crash: store it with the message to recognise one that comes again. Undefined at level `'v6'` and
   * for messages without QoS.
   */
  readonly position?: number | undefined;
  /** Whether another device of this user has sent it, or this device before a restart. Undefined if it has no position. */
  readonly isOwn?: boolean | undefined;
}

/** A received message. `acknowledge` is not enumerable: a clone and JSON contain only the other fields. */
export interface Message extends MessageFields {
  /**
   * Acknowledges the message now, instead of when its listeners have settled or its reader asks for the next one. With
   * `acknowledge: 'manual'` nothing else does. Has no effect the second time, without QoS, and for another user's login.
   */
  acknowledge(): void;
}

/** When a received message is acknowledged: when it was handled, or when the application calls `acknowledge`. */
export type Acknowledgement = 'auto' | 'manual';

/** What happens to a message while the client is not online: it waits for the next login, or `send` fails at once. */
export type WhenOffline = 'wait' | 'fail';

/** The part of `AbortSignal` that this package uses. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A message to send. */
export interface SendRequest {
  /** Receiver's user id; `"0"` for the server. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number. Default -1: none. */
  readonly type?: number | undefined;
  /** Whether the message must be acknowledged. Default true. */
  readonly qos?: boolean | undefined;
  /**
   * The id of the message, 1 to 256 characters. The receiver gets a message with the same fingerprint only once.
   * Default: a new UUID; without QoS none.
   */
  readonly fingerprint?: string | undefined;
  /** Aborts the send. The message may still arrive if it was already written. */
  readonly signal?: AbortSignalLike | undefined;
  /** Default: the client's option `whenOffline`. */
  readonly whenOffline?: WhenOffline | undefined;
}

/**
 * What became of a message. `stored`: the server has stored it, at level 1. `received`: its receiver or the server has
 * acknowledged it. `written`: it has no QoS and was written to the link.
 */
export type SendOutcome = 'stored' | 'received' | 'written';

/** The outcome of a message that was sent. */
export interface Receipt {
  readonly outcome: SendOutcome;
  /** The id of the message; undefined only without QoS. */
  readonly fingerprint: string | undefined;
  /** How often the message was written: 1 if it was acknowledged without a retry. */
  readonly attempts: number;
  /** When it was acknowledged, in milliseconds since 1970; undefined without QoS. */
  readonly acknowledgedAt: number | undefined;
  /** The server's id of the message, which grows within its conversation; undefined unless it is `stored`. */
  readonly messageId?: number | undefined;
  /** The message's position in this user's log; undefined unless it is `stored`. */
  readonly position?: number | undefined;
  /** When the server accepted the message, in milliseconds since 1970; undefined unless it is `stored`. */
  readonly serverTime?: number | undefined;
}

/** The promise of a receipt, with the fingerprint and the promise of durability. */
export interface Sending extends Promise<Receipt> {
  /** The id of the message; undefined only without QoS. */
  readonly fingerprint: string | undefined;
  /**
   * Resolves when a restart of the program can no longer lose the message: it is stored in the durable outbox or
   * acknowledged. The value has no meaning. Without a durable outbox this is the receipt itself.
   *
   * @throws OutboxError if the outbox could not store the message; the message is sent anyway.
   * @throws DeliveryError as the receipt.
   */
  readonly accepted: Promise<unknown>;
}

/** A message that was restored from the durable outbox. */
export interface OutboxMessage {
  readonly fingerprint: string;
  readonly to: string;
  readonly content: string;
  readonly type: number;
  /** When `send` was called, in milliseconds since 1970. */
  readonly queuedAt: number;
}
