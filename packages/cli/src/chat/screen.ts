import type { TranscriptView } from './transcript.js';

/** A problem of the connection to the server. Undefined: connected. */
export interface LinkStatus {
  readonly text: string;
  /** Time of the next retry, in milliseconds since 1970. */
  readonly retryAt?: number | undefined;
}

/** Displays a chat. */
export interface Screen extends TranscriptView {
  setLinkStatus(status: LinkStatus | undefined): void;
  /** Stops updates. What is shown stays. */
  close(): void;
}
