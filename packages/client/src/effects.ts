import type { Instant } from '@imcore/protocol';
import type { DeliveryError, LoginError } from './errors.js';
import type { Message } from './message.js';
import type { OutgoingMessage } from './outgoing.js';
import type { ClientState, StateReason } from './state.js';

/** What a {@link Session} asks its driver to do, in this order. */
export type Effect =
  /** Open the outbox of a user, then tell what it held. */
  | { readonly kind: 'open-outbox'; readonly userId: string }
  /** Keep a message in the outbox. */
  | { readonly kind: 'keep'; readonly message: OutgoingMessage }
  /** The outbox need not keep a message any longer. */
  | { readonly kind: 'forget'; readonly fingerprint: string }
  | { readonly kind: 'close-outbox' }
  | { readonly kind: 'restored'; readonly messages: readonly OutgoingMessage[] }
  /** A message stays in the outbox, and nobody will send it for the time being. */
  | { readonly kind: 'postponed'; readonly ticket: number; readonly error: DeliveryError }
  /** Ask the application for a token, then tell it. */
  | { readonly kind: 'ask-token' }
  /** Open a new link. */
  | { readonly kind: 'connect' }
  /** Write a packet to the link. */
  | { readonly kind: 'write'; readonly frame: string }
  /** Close the link, or stop opening it; what it reports from now on is not to be heard. */
  | { readonly kind: 'disconnect' }
  | {
      readonly kind: 'state';
      readonly previous: ClientState;
      readonly current: ClientState;
      readonly reason: StateReason | undefined;
      readonly retryAt: Instant | undefined;
      readonly cause: Error | undefined;
    }
  /** The first login of a run was accepted. Each run has one such effect or one `login-failed`. */
  | { readonly kind: 'logged-in'; readonly firstLoginTime: number }
  /** The run ended before a login was accepted. */
  | { readonly kind: 'login-failed'; readonly error: LoginError }
  /** The server rejected a login, the first or a later one. */
  | { readonly kind: 'rejected'; readonly code: number; readonly isFinal: boolean }
  /** A link that was online is gone. */
  | { readonly kind: 'link-lost'; readonly reason: StateReason; readonly cause: Error }
  | { readonly kind: 'kicked'; readonly code: number; readonly reason: string | undefined }
  /** A message for the application. One with a `hold` waits for `handled` or `released` to be told of that. */
  | { readonly kind: 'message'; readonly message: Message; readonly hold?: string }
  /** A message was acknowledged, or without QoS written. */
  | {
      readonly kind: 'sent';
      readonly ticket: number;
      readonly fingerprint: string | undefined;
      readonly attempts: number;
      readonly isAcknowledged: boolean;
    }
  | {
      readonly kind: 'undelivered';
      readonly ticket: number;
      readonly fingerprint: string | undefined;
      readonly error: DeliveryError;
    }
  | { readonly kind: 'error'; readonly error: Error };
