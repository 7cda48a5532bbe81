/** A bridge could not do what it was asked, or works less well than it should. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError';
  readonly code:
    | 'ERR_BRIDGE_AWAY'
    | 'ERR_BRIDGE_BLOCKED'
    | 'ERR_BRIDGE_FULL'
    | 'ERR_BRIDGE_REJECTED'
    | 'ERR_BRIDGE_UNCONFIRMED'
    | 'ERR_BRIDGE_QUEUE'
    | 'ERR_BRIDGE_CLOSED';

  constructor(code: BridgeError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
