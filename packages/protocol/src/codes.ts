/** The answer that all is well. By itself, so that a small program need not carry the whole table. */
export const CODE_OK = 0;

/** The answer to whoever is not logged in. By itself for the same reason. */
export const CODE_SERVER_SAYS_NOT_LOGGED_IN = 301;

/**
 * Codes of type 50 and 52 answers. 0–1024 belong to the protocol, 1025 and up to applications.
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

/** The smallest code that an application may refuse a login with. */
export const FIRST_APPLICATION_CODE = 1025;

/** Codes of a type 54 kick-out. */
export const KickOutCode = {
  DuplicateLogin: 1,
  Administrator: 2,
} as const;

/** What the offline event carries when nobody kicked the session out. */
export const NOT_KICKED = -1;
