import type { Problem } from './problem.js';

/** The connection state of a signed-in user. */
export type Connection =
  | { readonly state: 'online'; readonly since: number; readonly roundTripMs: number | undefined }
  | { readonly state: 'connecting'; readonly isFirst: boolean }
  | {
      readonly state: 'waiting';
      /** When the next attempt is made, in milliseconds since 1970. */
      readonly retryAt: number;
      readonly isFirst: boolean;
      readonly problem: Problem | undefined;
    }
  /** The server has kicked the user out. Code 1: the user logged in elsewhere. */
  | {
      readonly state: 'kicked';
      readonly code: number;
      readonly reason: string | undefined;
      readonly at: number;
      /** Whether the other login was in another tab or window of this browser. */
      readonly isOwnBrowser: boolean;
    };

export const DUPLICATE_LOGIN = 1;
export const BY_ADMINISTRATOR = 2;
