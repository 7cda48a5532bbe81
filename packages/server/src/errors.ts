/** The API was used in a way that cannot work. */
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

/** No route took responsibility for a message. */
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

/** This server has broken one of its own rules: a bug. It goes on; please report it. */
export class InternalError extends Error {
  override readonly name = 'InternalError';
  readonly code = 'ERR_INTERNAL';
}

/** A hook of the application threw, returned what it must not return, or gave no answer in time. */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly code: 'ERR_HOOK_FAILED' | 'ERR_HOOK_ANSWER' | 'ERR_HOOK_TIMED_OUT';
  /** Its name. */
  readonly hook: string;

  /** `cause`: what the hook threw, or a text where it threw nothing. */
  constructor(code: HookError['code'], hook: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`hook ${hook} failed: ${reason}`, typeof cause === 'string' ? undefined : { cause });
    this.code = code;
    this.hook = hook;
  }
}

/** Thrown by a caller of a hook at an answer that it cannot use. The message says what the hook must answer, and did. */
export class InvalidAnswer extends Error {}

/** What was thrown, as an error: it may have been anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
