import type { DeliveryError } from './errors.js';
import type { Message, OutboxMessage } from './message.js';
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
  /**
   * A message has arrived; each is handed on once. It is acknowledged already, unless somebody reads `messages()` or
   * `remember` is on.
   */
  message: Message;
  state: StateChange;
  /** The server has ended the login: 1 the user logged in elsewhere, 2 an administrator. The client is `idle`. */
  kicked: { readonly code: number; readonly reason: string | undefined };
  /**
   * The server rejected a login, the first or a later one. `code` is the server's. If `isFinal`, the client is `idle`;
   * otherwise it retries.
   */
  rejected: { readonly code: number; readonly isFinal: boolean };
  /** A link that was online is gone. Unless `autoReconnect` is off the client comes back by itself. */
  linkLost: { readonly reason: StateReason; readonly cause: Error };
  /** The outbox has given back what an earlier run of the program left in it: it goes out before what is sent now. */
  restored: { readonly messages: readonly OutboxMessage[] };
  /** A message was acknowledged, one of an earlier run too. `send` resolves too. */
  delivered: { readonly fingerprint: string };
  /** A message was given up, one of an earlier run too. `send` rejects too. */
  undelivered: { readonly fingerprint: string | undefined; readonly error: DeliveryError };
  /** The server reported an error or sent what cannot be read, the outbox failed, or a listener threw. */
  error: Error;
}
