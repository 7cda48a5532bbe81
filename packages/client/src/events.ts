import type { DeliveryError } from './errors.js';
import type { Level } from './level.js';
import type { Message, OutboxMessage } from './message.js';
import type { ClientState, StateReason } from './state.js';

/** A change of the client's state. */
export interface StateChange {
  readonly previous: ClientState;
  readonly current: ClientState;
  /** Why the client went to `waiting`, `idle` or `closed`. */
  readonly reason?: StateReason;
  /** With `waiting`: when the next attempt is made, in milliseconds since 1970. */
  readonly retryAt?: number;
  /** The error that caused the change, if any. */
  readonly cause?: Error;
}

/** The events of a client. */
export interface ClientEvents {
  /**
   * A message was received. It is acknowledged when all listeners have returned and the promises that they returned have
   * resolved. If one has failed, it is emitted again when its next copy arrives; otherwise each message is emitted once.
   */
  message: Message;
  /** The state changed. */
  state: StateChange;
  /** The server kicked the user out: code 1, the user logged in elsewhere; 2, an administrator. The client is `idle`. */
  kicked: { readonly code: number; readonly reason: string | undefined };
  /**
   * The server rejected a login, the first or a later one. `code` is the server's. If `isFinal`, the client is `idle`;
   * otherwise it retries.
   */
  rejected: { readonly code: number; readonly isFinal: boolean };
  /** The link was lost while online. The client reconnects, unless `autoReconnect` is false. */
  linkLost: { readonly reason: StateReason; readonly cause: Error };
  /** Messages of an earlier run were loaded from the durable outbox. They are sent before new messages. */
  restored: { readonly messages: readonly OutboxMessage[] };
  /**
   * A message was acknowledged or is stored, also one of an earlier run. `send` resolves as well. The last three are those of
   * {@link Receipt}.
   */
  delivered: {
    readonly fingerprint: string;
    readonly messageId?: number | undefined;
    readonly position?: number | undefined;
    readonly serverTime?: number | undefined;
  };
  /** A message was given up, also one of an earlier run. `send` rejects as well. */
  undelivered: { readonly fingerprint: string | undefined; readonly error: DeliveryError };
  /** The level has changed with a login: see `client.level`. */
  level: { readonly level: Level };
  /**
   * The messages from position `from` to `to`, both included, will not come. `reason`: `expired`, `trimmed`, `too-large`, or
   * `hole` if the server cannot continue where this device was, for example after a restored backup: then what was received
   * may be missing at the server, too. Read the history again.
   */
  gap: { readonly from: number; readonly to: number; readonly reason: string };
  /** The server reported an error or sent an invalid packet, the durable outbox failed, or a listener threw. */
  error: Error;
}
