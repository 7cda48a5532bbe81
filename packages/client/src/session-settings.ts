import type { BackoffPolicy, KeepAliveTimes } from '@imcore/protocol';
import type { MessagingSettings } from './messaging.js';

/** What a {@link Session} is told once and for all. */
export interface SessionSettings extends MessagingSettings {
  readonly keepAlive: KeepAliveTimes;
  readonly backoff: BackoffPolicy;
  /** Whether a lost link and a failed try are followed by another try. */
  readonly autoReconnect: boolean;
  /** How long opening a link may take, and again the answer to a login. In milliseconds. */
  readonly loginTimeoutMs: number;
  /** How long a first login is tried. In milliseconds. */
  readonly connectTimeoutMs: number;
}

/** Who logs in. */
export interface Identity {
  readonly userId: string;
  readonly token: string | undefined;
  readonly extra: string | undefined;
}
