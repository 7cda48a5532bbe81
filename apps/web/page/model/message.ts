/**
 * The delivery state of an outgoing message. A pending message waits for a link, or was written and is not acknowledged. A
 * stored one is at the server, for every device of both users. Without devices the server says instead that a message was
 * received: by the receiver, or by the server for the receiver.
 */
type Delivery = 'pending' | 'stored' | 'received' | 'failed';

/** Why a message was given up. */
export type FailureCode = 'not-acknowledged' | 'not-sent' | 'too-large' | 'queue-full' | 'rejected' | 'other';

interface MessageBase {
  /** The key in the history: the fingerprint if outgoing, `in/SENDER/FINGERPRINT` if incoming. */
  readonly id: string;
  /** The user id of the other side. */
  readonly peer: string;
  readonly text: string;
  /** In milliseconds since 1970: when the server accepted it, if it has said so; else when it was sent or received here. */
  readonly at: number;
  /** Position of the message: increases with each message of the user, independent of clock changes. */
  readonly order: number;
}

/** A received message. */
export interface IncomingMessage extends MessageBase {
  readonly kind: 'incoming';
}

/** A message sent by this user. */
export interface OutgoingMessage extends MessageBase {
  readonly kind: 'outgoing';
  readonly delivery: Delivery;
  /** With `failed`. */
  readonly failure?: FailureCode | undefined;
}

export type ChatMessage = IncomingMessage | OutgoingMessage;

/** The outcome of a message that was sent. */
export type Outcome =
  | { readonly delivery: 'received' }
  /** `at`: when the server accepted it, in milliseconds since 1970. */
  | { readonly delivery: 'stored'; readonly at: number | undefined }
  | { readonly delivery: 'failed'; readonly failure: FailureCode };

/** Returns the key of a received message. */
export function incomingId(from: string, fingerprint: string): string {
  return `in/${from}/${fingerprint}`;
}

/** How the delivery state of an outgoing message is displayed. */
export type DeliveryMark = 'waiting' | 'sending' | 'stored' | 'received' | 'failed';

export function deliveryMark({ delivery }: OutgoingMessage, isOnline: boolean): DeliveryMark {
  if (delivery !== 'pending') return delivery;
  return isOnline ? 'sending' : 'waiting';
}

/** Returns the next `order`: the time, or `last + 1` if that is greater. */
export function nextOrder(last: number, now: number): number {
  return Math.max(now, last + 1);
}
