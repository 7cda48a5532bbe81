import type { BackoffPolicy, KeepAliveTimes } from '@imcore/protocol';
import type { KeepAliveBounds } from './keep-alive-pace.js';
import type { MessagingSettings } from './messaging.js';

/** What a {@link Session} is told once and for all. */
export interface SessionSettings extends MessagingSettings {
  readonly keepAlive: KeepAliveTimes;
  /** Between which the time between keep-alives adapts itself; undefined where it does not. */
  readonly keepAliveBounds: KeepAliveBounds | undefined;
  readonly backoff: BackoffPolicy;
  /** Whether a lost link and a failed try are followed by another try. */
  readonly autoReconnect: boolean;
  /** How long opening a link may take, and again the answer to a login. In milliseconds. */
  readonly loginTimeoutMs: number;
  /** How long the application's token and the opening of the outbox may take. In milliseconds. */
  readonly tokenTimeoutMs: number;
  /** How long a first login is tried. In milliseconds. */
  readonly connectTimeoutMs: number;
  /** Whether another try would be refused with this code as well. */
  readonly isFinalRejection: (serverCode: number) => boolean;
}

/** Who logs in. */
export interface Identity {
  readonly userId: string;
  readonly token: string | undefined;
  readonly extra: string | undefined;
  /** Whether the application is asked for the token before each login. */
  readonly asksForToken?: boolean;
}
