/**
 * The state of a client.
 *
 * - `idle`: no user is logged in
 * - `connecting`: a link is being opened
 * - `authenticating`: the link is open, the login is not answered yet
 * - `online`: logged in, messages are written at once
 * - `waiting`: the link was lost or could not be opened; the next attempt is made at `retryAt`
 * - `closed`: closed permanently
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
  /** The `token` function failed. */
  | 'no-token'
  /** The login was not answered in time. */
  | 'unanswered'
  /** The server or the network closed the link. */
  | 'link-closed'
  /** The server did not answer keep-alives. */
  | 'link-silent'
  /** The server no longer knows the session (error 301). */
  | 'session-unknown';
