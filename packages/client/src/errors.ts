/** The caller used the API incorrectly. @see docs/reference/errors.md */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string) {
    super(message || code);
    this.code = code;
  }
}

/** Codes of {@link UsageError}. */
export type UsageErrorCode =
  /** An option of `createClient` or of a transport is missing, unknown, out of bounds or contradicts another. */
  | 'ERR_INVALID_OPTION'
  /** An argument of a method is invalid, for example an empty user id. */
  | 'ERR_INVALID_ARGUMENT'
  /** `login` was called while a user is logged in or logging in. Call `logout` first. */
  | 'ERR_ALREADY_LOGGED_IN'
  /** A message with this fingerprint is still pending. */
  | 'ERR_FINGERPRINT_IN_USE'
  /** A method was called after `close`. */
  | 'ERR_CLIENT_CLOSED'
  /**
   * `maxUnhandledMessages` messages are being handled. Further ones are ignored and not acknowledged. Only in the event
   * `error`, once until all of them are handled.
   */
  | 'ERR_TOO_MANY_UNHANDLED';

/** A login failed. The client is `idle`. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly code: LoginErrorCode;
  /** The server's code; only with `ERR_LOGIN_REJECTED`. Codes from 1025 are the application's own. */
  readonly serverCode: number | undefined;

  constructor(code: LoginErrorCode, message: string, detail: { serverCode?: number; cause?: unknown } = {}) {
    super(message || code, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.serverCode = detail.serverCode;
  }
}

/** Codes of {@link LoginError}. */
export type LoginErrorCode =
  /** The server rejected the login; `serverCode` is its code. */
  | 'ERR_LOGIN_REJECTED'
  /**
   * No login was accepted within `connectTimeoutMs`, or with `autoReconnect: false` the only attempt failed. `cause` is
   * the last failure.
   */
  | 'ERR_CANNOT_CONNECT'
  /** The server kicked the user out before the login was accepted. */
  | 'ERR_KICKED'
  /** `logout` or `close` was called before the login was accepted. */
  | 'ERR_LOGIN_ABORTED'
  /** The `token` function failed or took longer than `tokenTimeoutMs`. Only as a `cause`: the client retries. */
  | 'ERR_TOKEN_UNAVAILABLE';

/** A message was not delivered, or its delivery was not confirmed. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: DeliveryErrorCode;
  /** The server's code, for example `ERR_QUEUE_FULL`; only with `ERR_REJECTED`. */
  readonly serverCode: string | undefined;

  constructor(code: DeliveryErrorCode, message: string, serverCode?: string) {
    super(message || code);
    this.code = code;
    this.serverCode = serverCode;
  }
}

/** Codes of {@link DeliveryError}. */
export type DeliveryErrorCode =
  /** The message was not acknowledged after the last retry. It may have arrived. */
  | 'ERR_NOT_ACKNOWLEDGED'
  /**
   * There was no link within `sendTimeoutMs`, or over UDP at level 1 no acknowledgement of earlier messages to the same
   * receiver. The message was not written.
   */
  | 'ERR_NOT_SENT'
  /** There is no link and `whenOffline` is `'fail'`. The message was not written. */
  | 'ERR_OFFLINE'
  /** The server has rejected the message; `serverCode` says why. Only at level 1. It did not arrive. */
  | 'ERR_REJECTED'
  /** The message exceeds the maximum of the transport. It was not written. */
  | 'ERR_TOO_LARGE'
  /** `maxPendingMessages` or `maxPendingBytes` is reached. The message was not written. */
  | 'ERR_QUEUE_FULL'
  /** The message's `signal` was aborted. It may have arrived if it was written before. */
  | 'ERR_ABORTED'
  /**
   * No user is logged in, or the login ended (logout, kick-out, rejection, close) while the message was pending. It may
   * have arrived.
   */
  | 'ERR_CLOSED'
  /**
   * The login ended or another user logged in, and the message stays in the durable outbox. The user's next login sends
   * it; the events `delivered` and `undelivered` report its outcome.
   */
  | 'ERR_POSTPONED';

/** A request to the server failed: `history`, `conversations`, `devices`, `removeDevice`. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** One of {@link RequestErrorCode}, or a code of a later server. */
  readonly code: RequestErrorCode | (string & {});

  constructor(code: RequestErrorCode | (string & {}), message: string) {
    super(message || code);
    this.code = code;
  }
}

/** Nothing was agreed on with the server that has requests. */
export function notNegotiated(): RequestError {
  const text = 'requests need the option "outbox" with a storage for a device, and a server with a store';
  return new RequestError('ERR_NOT_NEGOTIATED', text);
}

/** Codes of {@link RequestError}. */
export type RequestErrorCode =
  /** The level is `'v6'`: the server has no store, or the client has no storage that keeps a device. */
  | 'ERR_NOT_NEGOTIATED'
  /** The request was not answered within `requestTimeoutMs`. */
  | 'ERR_NOT_ANSWERED'
  /** No user is logged in, or the login ended before the answer. */
  | 'ERR_CLOSED'
  /** 64 requests wait at this client, or the server works at too many of this session. */
  | 'ERR_TOO_MANY_REQUESTS'
  /** The server's answer has an invalid item. */
  | 'ERR_INVALID_ANSWER'
  /** The answer does not fit into a datagram: connect over TCP or WebSocket for it. */
  | 'ERR_USE_A_STREAM'
  /** The server's store keeps no history. */
  | 'ERR_NO_HISTORY'
  /** The server did not accept the arguments. */
  | 'ERR_INVALID_REQUEST'
  /** The server does not know the operation. */
  | 'ERR_UNKNOWN_OPERATION'
  /** The server's store has failed. */
  | 'ERR_STORE_FAILED';

/** The durable outbox failed. Messages are sent anyway, but may be lost on a restart. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';
  readonly code: OutboxErrorCode;

  constructor(code: OutboxErrorCode, message: string, options?: { cause?: unknown }) {
    super(message || code, options);
    this.code = code;
  }
}

/** Codes of {@link OutboxError}. */
export type OutboxErrorCode =
  /** The storage failed; see `cause`. */
  | 'ERR_OUTBOX_FAILED'
  /** The storage is full. */
  | 'ERR_OUTBOX_FULL'
  /** Another process has the outbox open. */
  | 'ERR_OUTBOX_LOCKED';

/** The server sent an error response (type 52). */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code = 'ERR_SERVER_REPORTED';
  /** For example 301 (not logged in) or 4 (invalid packet); see section 3 of the specification. */
  readonly serverCode: number;
  /** The server's text. An original server quotes the invalid packet: do not log it. */
  readonly serverText: string | undefined;

  constructor(serverCode: number, serverText: string | undefined) {
    super(`the server reported error ${serverCode}`);
    this.serverCode = serverCode;
    this.serverText = serverText;
  }
}

/** A link could not be opened or was lost. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, message: string, options?: { cause?: unknown }) {
    super(message || code, options);
    this.code = code;
  }
}

/** Codes of {@link LinkError}. */
export type LinkErrorCode =
  /** The link could not be opened; `cause` is the platform's error, if any. */
  | 'ERR_LINK_FAILED'
  /** The mini-program platform allows no more sockets (five on WeChat). Close another client. */
  | 'ERR_TOO_MANY_SOCKETS'
  /** The server or the network closed the link. */
  | 'ERR_LINK_CLOSED'
  /** The server did not answer keep-alives within the timeout of the sense mode. */
  | 'ERR_LINK_SILENT'
  /** The server did not answer the login within `loginTimeoutMs`. */
  | 'ERR_LOGIN_UNANSWERED'
  /** The server no longer knows this session (error 301). */
  | 'ERR_NOT_LOGGED_IN';
