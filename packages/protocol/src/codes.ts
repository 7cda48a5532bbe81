/** The code for success. A constant of its own, so that bundlers can drop the rest of the table. */
export const CODE_OK = 0;

/** The error code for a peer that is not logged in. A constant of its own for the same reason. */
export const CODE_SERVER_SAYS_NOT_LOGGED_IN = 301;

/**
 * Codes of login responses (type 50) and error responses (type 52). 0–1024 are reserved for the protocol, 1025 and up
 * are for applications.
 *
 * @see docs/protocol/SPEC.md#3-packet-types
 */
export const ResponseCode = {
  Ok: CODE_OK,
  NotLoggedIn: 1,
  Unknown: 2,
  SendFailed: 3,
  InvalidPacket: 4,
  ConnectionBroken: 201,
  CannotConnect: 202,
  NotInitialised: 203,
  NoLocalNetwork: 204,
  NoServerAddress: 205,
  ServerSaysNotLoggedIn: CODE_SERVER_SAYS_NOT_LOGGED_IN,
} as const;

/** The smallest code with which an application may reject a login. */
export const FIRST_APPLICATION_CODE = 1025;

/** Codes of a type 54 kick-out. */
export const KickOutCode = {
  DuplicateLogin: 1,
  Administrator: 2,
} as const;

/** The kick code of an `offline` event when the session was not kicked out. */
export const NOT_KICKED = -1;
