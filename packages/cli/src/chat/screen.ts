import type { TranscriptView } from './transcript.js';

/** How the link to the server is, as far as a person should know. Undefined: all is well. */
export interface LinkStatus {
  readonly text: string;
  /** When the next try comes, in milliseconds since 1970. */
  readonly retryAt?: number | undefined;
}

/** Where a chat is shown. */
export interface Screen extends TranscriptView {
  setLinkStatus(status: LinkStatus | undefined): void;
  /** What is shown stays, nothing is added any more. */
  close(): void;
}
