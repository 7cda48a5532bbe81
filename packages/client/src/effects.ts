import type { Instant, LogDelivery, LogPosition, Packet } from '@imcore/protocol';
import type { DeliveryError, LoginError, RequestError } from './errors.js';
import type { Level, StoredAs } from './level.js';
import type { RequestResult } from './log-request.js';
import type { MessageFields, SendOutcome } from './message.js';
import type { OutgoingMessage } from './outgoing.js';
import type { ClientState, StateReason } from './state.js';

/**
 * Identifies a message that is being handled: its delivery if it has a position; otherwise the key of a message with QoS, the
 * packet of one without.
 */
export type Hold = string | Packet | LogDelivery;

/** An instruction of a {@link Session} to its driver. The driver executes them in order. */
export type Effect =
  /** Open the durable outbox of a user, then call `restored` with its content. */
  | { readonly kind: 'open-outbox'; readonly userId: string }
  /** Store a message in the durable outbox. */
  | { readonly kind: 'keep'; readonly message: OutgoingMessage }
  /** Remove a message from the durable outbox. */
  | { readonly kind: 'forget'; readonly fingerprint: string }
  | { readonly kind: 'close-outbox' }
  | { readonly kind: 'restored'; readonly messages: readonly OutgoingMessage[] }
  /** A message stays in the durable outbox until the user's next login. */
  | { readonly kind: 'postponed'; readonly ticket: number; readonly error: DeliveryError }
  /** Request a token from the application, then call `tokenReady` or `tokenFailed`. */
  | { readonly kind: 'ask-token' }
  /** Open a new link. */
  | { readonly kind: 'connect' }
  /** Write a packet to the link. `isSigned`: it has the key of the link, if there is one. */
  | { readonly kind: 'write'; readonly frame: string; readonly isSigned?: true }
  /** Store the position of the device, then call `positionSaved` with it. */
  | { readonly kind: 'save-position'; readonly position: LogPosition }
  /** The level has changed. */
  | { readonly kind: 'level'; readonly level: Level }
  /** Messages will not come. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly reason: string }
  | { readonly kind: 'request-done'; readonly ticket: number; readonly result: RequestResult }
  | { readonly kind: 'request-failed'; readonly ticket: number; readonly error: RequestError }
  /** Close the link, or stop opening it. Events of this link are ignored from then on. */
  | { readonly kind: 'disconnect' }
  | {
      readonly kind: 'state';
      readonly previous: ClientState;
      readonly current: ClientState;
      readonly reason: StateReason | undefined;
      readonly retryAt: Instant | undefined;
      readonly cause: Error | undefined;
    }
  /** The first login after `login` was accepted. For each `login` there is one `logged-in` or one `login-failed`. */
  | { readonly kind: 'logged-in'; readonly firstLoginTime: number }
  /** The client gave up before a login was accepted. */
  | { readonly kind: 'login-failed'; readonly error: LoginError }
  /** The server rejected a login, the first or a later one. */
  | { readonly kind: 'rejected'; readonly code: number; readonly isFinal: boolean }
  /** An online link was lost. */
  | { readonly kind: 'linkLost'; readonly reason: StateReason; readonly cause: Error }
  | { readonly kind: 'kicked'; readonly code: number; readonly reason: string | undefined }
  /** A message for the application. `handled` or `released` must be called with its `hold`. */
  | { readonly kind: 'message'; readonly message: MessageFields; readonly hold: Hold }
  /** A message was acknowledged, or is stored; a message without QoS was written. */
  | {
      readonly kind: 'sent';
      readonly ticket: number;
      readonly fingerprint: string | undefined;
      readonly attempts: number;
      readonly outcome: SendOutcome;
      /** Only with `stored`. */
      readonly as: StoredAs | undefined;
    }
  | {
      readonly kind: 'undelivered';
      readonly ticket: number;
      readonly fingerprint: string | undefined;
      readonly error: DeliveryError;
    }
  | { readonly kind: 'error'; readonly error: Error };
