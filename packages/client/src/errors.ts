/** The caller used the API in a way that cannot work. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string) {
    super(message || code);
    this.code = code;
  }
}

/** What the caller does wrong. */
export type UsageErrorCode =
  /** An option of `createClient` or of a transport is missing, out of bounds or contradicts another. */
  | 'ERR_INVALID_OPTION'
  /** An argument of a method cannot be sent, such as an empty user id. */
  | 'ERR_INVALID_ARGUMENT'
  /** `login` was called while somebody is logged in or logging in: `logout` first. */
  | 'ERR_ALREADY_LOGGED_IN'
  /** A message with this fingerprint still waits for its acknowledgement. */
  | 'ERR_FINGERPRINT_IN_USE'
  /** The client was closed for good. */
  | 'ERR_CLIENT_CLOSED';

/** A login came to nothing. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly code: LoginErrorCode;
  /** The server's answer; present with `ERR_LOGIN_REJECTED` only. 1025 and up are the application's own codes. */
  readonly serverCode: number | undefined;

  constructor(code: LoginErrorCode, message: string, detail: { serverCode?: number; cause?: unknown } = {}) {
    super(message || code, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.serverCode = detail.serverCode;
  }
}

/** Why nobody is logged in. */
export type LoginErrorCode =
  /** The server said no; its code is in `serverCode`. */
  | 'ERR_LOGIN_REJECTED'
  /** No answer within `connectTimeoutMs`, or with `autoReconnect: false` at the first try; `cause` is the last failure. */
  | 'ERR_CANNOT_CONNECT'
  /** The server kicked the user out before the login was through. */
  | 'ERR_KICKED'
  /** `logout` or `close` was called meanwhile. */
  | 'ERR_LOGIN_ABORTED'
  /** The application's `token` function failed or took longer than `tokenTimeoutMs`. Only as a `cause`: it is asked again. */
  | 'ERR_TOKEN_UNAVAILABLE';

/** A message could not be brought to anybody who is responsible for it now. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: DeliveryErrorCode;

  constructor(code: DeliveryErrorCode, message: string) {
    super(message || code);
    this.code = code;
  }
}

/** Why nobody is responsible for a message. */
export type DeliveryErrorCode =
  /** It was written, the last copy too, and nobody acknowledged it. It may have arrived all the same. */
  | 'ERR_NOT_ACKNOWLEDGED'
  /** `sendTimeoutMs` passed while there was no link to write it to. It has not arrived. */
  | 'ERR_NOT_SENT'
  /** There is no link and `whenOffline` is `'fail'`. It was not written. */
  | 'ERR_OFFLINE'
  /** It is longer than the transport can carry. It was not written. */
  | 'ERR_TOO_LARGE'
  /** Too much waits already: `maxPendingMessages` or `maxPendingBytes`. It was not written. */
  | 'ERR_QUEUE_FULL'
  /** Its `signal` fired. It may have arrived if it had been written before. */
  | 'ERR_ABORTED'
  /** Nobody is logged in, or the login ended (logout, kick-out, refusal, close) while it waited. It may have arrived. */
  | 'ERR_CLOSED'
  /**
   * The login ended or another user logged in, and the message stays in the outbox: this user's next login sends it,
   * the events `delivered` and `undelivered` tell what becomes of it.
   */
  | 'ERR_POSTPONED';

/** The outbox could not keep what it was given. Messages are tried all the same, but a restart may lose them. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';
  readonly code: OutboxErrorCode;

  constructor(code: OutboxErrorCode, message: string, options?: { cause?: unknown }) {
    super(message || code, options);
    this.code = code;
  }
}

/** Why the outbox does not keep something. */
export type OutboxErrorCode =
  /** The storage failed; `cause` says how. */
  | 'ERR_OUTBOX_FAILED'
  /** The storage has no room for more. */
  | 'ERR_OUTBOX_FULL'
  /** Another program has the outbox open. */
  | 'ERR_OUTBOX_LOCKED';

/** The server reported that something went wrong, with a type 52 packet. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code = 'ERR_SERVER_REPORTED';
  /** As in section 3 of the specification: 301 not logged in, 4 invalid packet, … */
  readonly serverCode: number;
  /** What the server says about it. An original server quotes the offending packet, so this does not belong in a log. */
  readonly serverText: string | undefined;

  constructor(serverCode: number, serverText: string | undefined) {
    super(`the server reports error ${serverCode}`);
    this.serverCode = serverCode;
    this.serverText = serverText;
  }
}

/** A link could not be opened, or broke. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, message: string, options?: { cause?: unknown }) {
    super(message || code, options);
    this.code = code;
  }
}

/** Why there is no link. */
export type LinkErrorCode =
  /** The link could not be opened; `cause` says why where the platform tells. */
  | 'ERR_LINK_FAILED'
  /** A mini-program has as many sockets as its platform allows: five on WeChat. Close another client. */
  | 'ERR_TOO_MANY_SOCKETS'
  /** The server ended the link. */
  | 'ERR_LINK_CLOSED'
  /** The server did not answer keep-alives for the sense mode's time-out. */
  | 'ERR_LINK_SILENT'
  /** The server did not answer within `loginTimeoutMs`. */
  | 'ERR_LOGIN_UNANSWERED'
  /** The server does not know this session any more (error 301). */
  | 'ERR_NOT_LOGGED_IN';
