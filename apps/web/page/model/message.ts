/**
 * What is known for good about a message of one's own. A pending one is with nobody else yet: it waits for a link,
 * or it is written and not acknowledged; which of the two, the connection tells (see `deliveryMark`).
 */
type Delivery = 'pending' | 'received' | 'failed';

/** Why a message was given up. */
export type FailureCode = 'not-acknowledged' | 'not-sent' | 'too-large' | 'queue-full' | 'other';

interface MessageBase {
  /** Its key in the history: the fingerprint of one's own, `in/SENDER/FINGERPRINT` of another's. */
  readonly id: string;
  /** The other side's user id. */
  readonly peer: string;
  readonly text: string;
  /** When it was written or came in, in milliseconds since 1970 by this machine's clock. */
  readonly at: number;
  /** Its place: rises with each message of this user, whatever the clock does. */
  readonly order: number;
}

/** A message from the other side. */
export interface IncomingMessage extends MessageBase {
  readonly kind: 'incoming';
}

/** A message of one's own. */
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
  | { readonly delivery: 'failed'; readonly failure: FailureCode };

/** The key of a message that came in. */
export function incomingId(from: string, fingerprint: string): string {
  return `in/${from}/${fingerprint}`;
}

/** How the state of a message of one's own is shown. */
export type DeliveryMark = 'waiting' | 'sent' | 'received' | 'failed';

export function deliveryMark({ delivery }: OutgoingMessage, isOnline: boolean): DeliveryMark {
  if (delivery !== 'pending') return delivery;
  return isOnline ? 'sent' : 'waiting';
}

/** A place behind all given so far: the time, unless that is not later. */
export function nextOrder(last: number, now: number): number {
  return Math.max(now, last + 1);
}
