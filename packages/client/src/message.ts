/** The content of a received message. */
export interface MessageFields {
  /** Sender's user id; `"0"` for the server, `"-1"` if the packet has none. */
  readonly from: string;
  /** This client's user id. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The sender's id of the message, unique per sender; undefined only without QoS. */
  readonly fingerprint: string | undefined;
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

/** The outcome of a message that was sent. */
export interface Receipt {
  /** The id of the message; undefined only without QoS. */
  readonly fingerprint: string | undefined;
  /** How often the message was written: 1 if it was acknowledged without a retry. */
  readonly attempts: number;
  /** When it was acknowledged, in milliseconds since 1970; undefined without QoS. */
  readonly acknowledgedAt: number | undefined;
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
