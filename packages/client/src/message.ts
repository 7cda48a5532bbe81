/** A message as the application receives it. */
export interface Message {
  /** Sender's user id; `"0"` for the server, `"-1"` where the sender named none. */
  readonly from: string;
  /** This client's user id. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The message's id, unique per sender; undefined only for a message without QoS. */
  readonly fingerprint: string | undefined;
}

/** Whether a message that cannot be written now waits for the next login or fails at once. */
export type WhenOffline = 'wait' | 'fail';

/** The part of the platform's `AbortSignal` that is needed; any `AbortSignal` will do. */
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
  /** The message's id; the receiver is handed a repeat only once. Default with QoS: a new UUID, without: none. */
  readonly fingerprint?: string | undefined;
  /** Gives the message up when it fires. It may still arrive if it had been written. */
  readonly signal?: AbortSignalLike | undefined;
  /** Default: the client's `whenOffline`. */
  readonly whenOffline?: WhenOffline | undefined;
}

/** What became of a message that was sent. */
export interface Receipt {
  /** The message's id; undefined for a message without QoS that was given none. */
  readonly fingerprint: string | undefined;
  /** Copies written, 1 where the first was acknowledged. */
  readonly attempts: number;
  /** When it was acknowledged, in milliseconds since 1970; undefined without QoS, where nobody acknowledges. */
  readonly acknowledgedAt: number | undefined;
}

/** A message on its way: the promise of its receipt, and what is known of it before. */
export interface Sending extends Promise<Receipt> {
  /** The message's id; undefined for a message without QoS that was given none. */
  readonly fingerprint: string | undefined;
  /**
   * Resolves, with nothing of use, as soon as a restart of this program cannot lose the message any more: the outbox
   * has it, or whoever has acknowledged it. Without an outbox that is the receipt itself.
   *
   * @throws OutboxError where the outbox could not keep it; it is tried all the same.
   * @throws DeliveryError as for the receipt.
   */
  readonly accepted: Promise<unknown>;
}

/** A message that the outbox has kept over a restart. */
export interface OutboxMessage {
  readonly fingerprint: string;
  readonly to: string;
  readonly content: string;
  readonly type: number;
  /** When `send` was called, in milliseconds since 1970. */
  readonly queuedAt: number;
}
