/** The caller used the API in a way that cannot work. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code:
    | 'ERR_INVALID_OPTION'
    | 'ERR_INVALID_ARGUMENT'
    | 'ERR_NO_STORE'
    | 'ERR_NO_HISTORY'
    | 'ERR_NOT_LISTENING'
    | 'ERR_ALREADY_LISTENING';

  constructor(code: UsageError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A message could not be brought to anybody who is responsible for it now. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: 'ERR_UNDELIVERABLE' | 'ERR_NOT_ACKNOWLEDGED' | 'ERR_TOO_LARGE' | 'ERR_SERVER_CLOSED';

  constructor(code: DeliveryError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A store could not do what it was asked. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code:
    | 'ERR_STORE_FAILED'
    | 'ERR_STORE_CLOSED'
    | 'ERR_STORE_FULL'
    | 'ERR_STORE_READ_ONLY'
    | 'ERR_STORE_DAMAGED'
    | 'ERR_STORE_NEWER'
    | 'ERR_STORE_FOREIGN'
    | 'ERR_STORE_IN_USE'
    | 'ERR_STORE_REPLACED';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

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

/** A hook of the application threw, answered what it may not answer, or gave no answer in time. */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly code: 'ERR_HOOK_FAILED' | 'ERR_HOOK_TIMED_OUT';

  constructor(code: HookError['code'], hook: string, cause: unknown) {
    super(`the hook ${hook} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.code = code;
  }
}

/** What was thrown, as an error: it may have been anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
