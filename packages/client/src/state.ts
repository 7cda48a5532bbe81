/**
 * Where a client is: one value, never several flags.
 *
 * - `idle`: nobody is logged in, nothing happens until `login`
 * - `connecting`: a link is being opened
 * - `authenticating`: the link is open, the login is not answered yet
 * - `online`: messages go out at once
 * - `waiting`: the link is lost or could not be opened; the next try comes at `retryAt`
 * - `closed`: closed for good
 */
export type ClientState = 'idle' | 'connecting' | 'authenticating' | 'online' | 'waiting' | 'closed';

/** Why a client went to `waiting`, `idle` or `closed`. */
export type StateReason =
  /** `logout` was called. */
  | 'logout'
  /** `close` was called. */
  | 'close'
  /** The server kicked the user out. */
  | 'kicked'
  /** The server rejected the login. */
  | 'rejected'
  /** The link could not be opened in time. */
  | 'cannot-connect'
  /** The application's `token` function gave none. */
  | 'no-token'
  /** The login was not answered in time. */
  | 'unanswered'
  /** The link was closed from outside. */
  | 'link-closed'
  /** The server no longer answers keep-alives. */
  | 'link-silent'
  /** The server does not know the session any more (error 301). */
  | 'session-unknown';
