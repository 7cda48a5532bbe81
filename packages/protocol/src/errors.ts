/** What a peer can do wrong, one code each. */
export type ProtocolErrorCode =
  | 'ERR_MALFORMED_PACKET'
  | 'ERR_INVALID_FIELD'
  | 'ERR_EMPTY_FRAME'
  | 'ERR_FRAME_TOO_LARGE';

/**
 * A peer broke the protocol. The message says what, which value and which limit, and never quotes content.
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
