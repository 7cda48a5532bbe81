import type { BinaryString, Instant } from '@imcore/protocol';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { Delivery } from './delivery.js';

/**
 * Where a message came from, and who therefore learns what became of it. Each delivery calls exactly one of
 * `responsible` and `failed`, once.
 */
export interface Origin {
  /** Whether the `onUndeliverable` hook is asked for its messages; the server's own caller learns it directly. */
  readonly asksHook: boolean;
  /** Somebody is responsible for the message now. `acknowledgement` is the receiver's own frame, if it can be passed on. */
  responsible(delivery: Delivery, outcome: SendOutcome, now: Instant, acknowledgement?: BinaryString): void;
  /** Nobody is; the message is dropped. */
  failed(delivery: Delivery, reason: UndeliveredReason): void;
  /** The receiver reads too slowly: no more from this origin until it has caught up. */
  waitFor(receiver: LiveSession): void;
}
