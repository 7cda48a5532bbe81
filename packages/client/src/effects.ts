import type { Instant } from '@imcore/protocol';
import type { DeliveryError, LoginError } from './errors.js';
import type { Message } from './message.js';
import type { ClientState, StateReason } from './state.js';

/** What a {@link Session} asks its driver to do, in this order. */
export type Effect =
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
  /** The server refused a login, the first or a later one. */
  | { readonly kind: 'refused'; readonly code: number }
  /** A link that was online is gone. */
  | { readonly kind: 'link-lost'; readonly reason: StateReason; readonly cause: Error }
  | { readonly kind: 'kicked'; readonly code: number; readonly reason: string | undefined }
  | { readonly kind: 'message'; readonly message: Message }
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
