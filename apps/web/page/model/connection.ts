import type { Problem } from './problem.js';

/** Where the connection of a logged-in user is. */
export type Connection =
  | { readonly state: 'online'; readonly since: number; readonly roundTripMs: number | undefined }
  | { readonly state: 'connecting'; readonly isFirst: boolean }
  | {
      readonly state: 'waiting';
      /** When the next try comes, in milliseconds since 1970. */
      readonly retryAt: number;
      readonly isFirst: boolean;
      readonly problem: Problem | undefined;
    }
  /** The server has ended the login: 1 for another login of the same user. */
  | {
      readonly state: 'kicked';
      readonly code: number;
      readonly reason: string | undefined;
      readonly at: number;
      /** Whether it was this browser, in another tab or window. */
      readonly isOwnBrowser: boolean;
    };

export const DUPLICATE_LOGIN = 1;
