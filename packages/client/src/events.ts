import type { DeliveryError } from './errors.js';
import type { Message } from './message.js';
import type { ClientState, StateReason } from './state.js';

/** The client has gone from one state to another. */
export interface StateChange {
  readonly previous: ClientState;
  readonly current: ClientState;
  /** Present where the change was not towards being online. */
  readonly reason?: StateReason;
  /** With `waiting`: when the next try comes, in milliseconds since 1970. */
  readonly retryAt?: number;
  /** What went wrong, where something did. */
  readonly cause?: Error;
}

/** Notifications: any number of listeners, no answer. */
export interface ClientEvents {
  /** A message has arrived. It is acknowledged already, and each is handed on once. */
  message: Message;
  state: StateChange;
  /** The server has ended the login: 1 the user logged in elsewhere, 2 an administrator. The client is `idle`. */
  kicked: { readonly code: number; readonly reason: string | undefined };
  /** The server has refused a login, the first or a later one. The client is `idle`. */
  refused: { readonly code: number };
  /** A link that was online is gone. Unless `autoReconnect` is off the client comes back by itself. */
  linkLost: { readonly reason: StateReason; readonly cause: Error };
  /** A message was acknowledged. `send` resolves too. */
  delivered: { readonly fingerprint: string };
  /** A message was given up. `send` rejects too. */
  undelivered: { readonly fingerprint: string | undefined; readonly error: DeliveryError };
  /** The server reported an error or sent what cannot be read, or a listener threw. Nothing needs to be done. */
  error: Error;
}
