/** Codes of protocol violations. */
export type ProtocolErrorCode =
  | 'ERR_MALFORMED_PACKET'
  | 'ERR_INVALID_FIELD'
  | 'ERR_EMPTY_FRAME'
  | 'ERR_FRAME_TOO_LARGE'
  | 'ERR_PROXY_HEADER';

/**
 * A peer violated the protocol. The message names the field, the value and the limit. It never contains message content.
 *
 * @see docs/reference/errors.md
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message || code);
    this.code = code;
  }
}
