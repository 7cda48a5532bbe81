import type { BackoffPolicy, KeepAliveTimes } from '@imcore/protocol';
import type { KeepAliveBounds } from './keep-alive-pace.js';
import type { MessagingSettings } from './messaging.js';

/** Settings of a {@link Session}. */
export interface SessionSettings extends MessagingSettings {
  readonly keepAlive: KeepAliveTimes;
  /** Bounds of the adaptive keep-alive interval; undefined for a constant one. */
  readonly keepAliveBounds: KeepAliveBounds | undefined;
  readonly backoff: BackoffPolicy;
  /** Whether the client retries after a lost link or a failed attempt. */
  readonly autoReconnect: boolean;
  /** Timeout for opening a link, and again for the login response, in milliseconds. */
  readonly loginTimeoutMs: number;
  /** Timeout of the token function and of opening the durable outbox, in milliseconds. */
  readonly tokenTimeoutMs: number;
  /** How long the first login is retried, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Whether a rejection with this code is final. */
  readonly isFinalRejection: (serverCode: number) => boolean;
}

/** The credentials of a login. */
export interface Identity {
  readonly userId: string;
  readonly token: string | undefined;
  readonly extra: string | undefined;
  /** Whether a new token is requested from the application before each login. */
  readonly asksForToken?: boolean;
}
