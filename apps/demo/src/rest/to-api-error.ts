import { ApiError, type ApiErrorCode } from './api-error.js';

/** REST's code for errors of the client, the server and Fastify. */
const SAME_AS: Readonly<Record<string, ApiErrorCode>> = {
  ERR_LOGIN_REJECTED: 'ERR_LOGIN_REJECTED',
  ERR_CANNOT_CONNECT: 'ERR_CANNOT_CONNECT',
  ERR_KICKED: 'ERR_KICKED',
  ERR_NOT_ACKNOWLEDGED: 'ERR_NOT_ACKNOWLEDGED',
  ERR_NOT_SENT: 'ERR_NOT_SENT',
  ERR_TOO_LARGE: 'ERR_TOO_LARGE',
  ERR_UNDELIVERABLE: 'ERR_UNDELIVERABLE',
  ERR_OFFLINE: 'ERR_NOT_SENT',
  ERR_QUEUE_FULL: 'ERR_NOT_SENT',
  ERR_CLOSED: 'ERR_CLOSING',
  ERR_ABORTED: 'ERR_CLOSING',
  ERR_LOGIN_ABORTED: 'ERR_CLOSING',
  ERR_SERVER_CLOSED: 'ERR_CLOSING',
  ERR_SERVER_NOT_RUNNING: 'ERR_CLOSING',
  ERR_INVALID_ARGUMENT: 'ERR_INVALID_REQUEST',
  FST_ERR_CTP_BODY_TOO_LARGE: 'ERR_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'ERR_UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'ERR_INVALID_REQUEST',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'ERR_INVALID_REQUEST',
};

const BY_STATUS: Readonly<Record<number, ApiErrorCode>> = {
  400: 'ERR_INVALID_REQUEST',
  403: 'ERR_NOT_FOUND', // a path outside of Swagger's files
  404: 'ERR_NOT_FOUND',
  413: 'ERR_TOO_LARGE',
  415: 'ERR_UNSUPPORTED_MEDIA_TYPE',
  503: 'ERR_CLOSING',
};

/** Converts an error to an error response; undefined for an unexpected error. */
export function toApiError(thrown: unknown): ApiError | undefined {
  if (thrown instanceof ApiError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const { code, statusCode, serverCode } = thrown as Error & {
    code?: unknown;
    statusCode?: unknown;
    serverCode?: unknown;
  };
  const status =
    'getStatus' in thrown && typeof thrown.getStatus === 'function' ? thrown.getStatus() : statusCode;
  const known = SAME_AS[String(code)] ?? BY_STATUS[Number(status)];
  if (known === undefined) return undefined;
  return new ApiError(known, thrown.message, typeof serverCode === 'number' ? { serverCode } : {});
}
