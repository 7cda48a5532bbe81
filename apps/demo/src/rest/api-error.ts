/** All errors of REST: HTTP status and meaning. */
export const API_ERRORS = {
  ERR_INVALID_REQUEST: {
    status: 400,
    means: 'A parameter is missing or invalid; `problems` lists them.',
  },
  ERR_API_KEY: { status: 401, means: 'The header x-api-key is missing or wrong.' },
  ERR_LOGIN_REJECTED: { status: 401, means: 'The server rejected the login; `serverCode` is its code.' },
  ERR_FOREIGN_ORIGIN: { status: 403, means: 'The request comes from another website.' },
  ERR_NOT_FOUND: { status: 404, means: 'No endpoint has this path and method.' },
  ERR_NOT_LOGGED_IN: { status: 409, means: 'The sender is not logged in with loginConnect.' },
  ERR_SENDER_AMBIGUOUS: {
    status: 409,
    means: 'Several users are logged in, and `from` is missing.',
  },
  ERR_UNDELIVERABLE: { status: 409, means: 'The receiver is not online, and there is no store.' },
  ERR_KICKED: { status: 409, means: 'Another login of the same user replaced this one.' },
  ERR_TOO_LARGE: { status: 413, means: 'The message is too long for a transport on its way.' },
  ERR_UNSUPPORTED_MEDIA_TYPE: { status: 415, means: 'The body is neither JSON nor form-encoded.' },
  ERR_INTERNAL: { status: 500, means: 'An internal error; see the log.' },
  ERR_CANNOT_CONNECT: { status: 503, means: 'The client could not connect to the server.' },
  ERR_NOT_SENT: { status: 503, means: 'No connection before the time limit; the message was not sent.' },
  ERR_TOO_MANY_CLIENTS: { status: 503, means: 'The maximum number of users is logged in.' },
  ERR_TOO_MANY_WATCHERS: { status: 503, means: 'The maximum number of requests follows the events.' },
  ERR_CLOSING: {
    status: 503,
    means: 'The program is shutting down, or the session ended; a message in flight may have arrived.',
  },
  ERR_NOT_ACKNOWLEDGED: {
    status: 504,
    means: 'The message was not acknowledged in time; it may have arrived.',
  },
} as const satisfies Record<string, { status: number; means: string }>;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** Optional members of an error response. */
interface ApiErrorDetails {
  readonly problems?: readonly { readonly parameter: string; readonly problem: string }[];
  readonly serverCode?: number;
  readonly loggedIn?: readonly string[];
}

/** An error response. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly details: ApiErrorDetails;

  constructor(code: ApiErrorCode, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return API_ERRORS[this.code].status;
  }

  get body(): object {
    return { code: this.code, message: this.message, ...this.details };
  }
}
