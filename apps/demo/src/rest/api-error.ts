/** Every error that REST answers with: its HTTP status, and what it means. */
export const API_ERRORS = {
  ERR_INVALID_REQUEST: {
    status: 400,
    means: 'A parameter is missing or cannot be used; `problems` says which.',
  },
  ERR_API_KEY: { status: 401, means: 'The header x-api-key is missing or wrong.' },
  ERR_LOGIN_REJECTED: { status: 401, means: 'The server rejected the login; `serverCode` is its answer.' },
  ERR_FOREIGN_ORIGIN: { status: 403, means: 'The request came from a page of another site.' },
  ERR_NOT_FOUND: { status: 404, means: 'There is nothing at this path for this method.' },
  ERR_NOT_LOGGED_IN: { status: 409, means: 'The sender is not logged in through loginConnect.' },
  ERR_SENDER_AMBIGUOUS: {
    status: 409,
    means: 'Several users are logged in and `from` does not say who sends.',
  },
  ERR_UNDELIVERABLE: { status: 409, means: 'The receiver is not online and nothing stores messages.' },
  ERR_KICKED: { status: 409, means: 'Another login of the same user came first.' },
  ERR_TOO_LARGE: { status: 413, means: 'The message is longer than a transport on its way carries.' },
  ERR_UNSUPPORTED_MEDIA_TYPE: { status: 415, means: 'The body is neither JSON nor form-encoded.' },
  ERR_INTERNAL: { status: 500, means: 'A fault of this program; its log says more.' },
  ERR_CANNOT_CONNECT: { status: 503, means: 'The client could not reach the server.' },
  ERR_NOT_SENT: { status: 503, means: 'There was no connection in time; the message has not arrived.' },
  ERR_TOO_MANY_CLIENTS: { status: 503, means: 'As many users as allowed are logged in.' },
  ERR_TOO_MANY_WATCHERS: { status: 503, means: 'As many requests as allowed follow the events.' },
  ERR_CLOSING: {
    status: 503,
    means:
      'The program is ending, or the login ended meanwhile; a message under way may have arrived all the same.',
  },
  ERR_NOT_ACKNOWLEDGED: {
    status: 504,
    means: 'Nobody took responsibility for the message in time; it may have arrived all the same.',
  },
} as const satisfies Record<string, { status: number; means: string }>;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** What an error answer may hold beside code and message. */
interface ApiErrorDetails {
  readonly problems?: readonly { readonly parameter: string; readonly problem: string }[];
  readonly serverCode?: number;
  readonly loggedIn?: readonly string[];
}

/** A request that is answered with an error. */
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
