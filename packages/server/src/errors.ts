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
  readonly code:
    | 'ERR_UNDELIVERABLE'
    | 'ERR_NOT_ACKNOWLEDGED'
    | 'ERR_TOO_LARGE'
    | 'ERR_SERVER_BUSY'
    | 'ERR_SERVER_CLOSED';

  constructor(code: DeliveryError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A call of a store failed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code:
    | 'ERR_STORE_FAILED'
    | 'ERR_STORE_TIMED_OUT'
    | 'ERR_STORE_CLOSED'
    | 'ERR_STORE_FULL'
    | 'ERR_STORE_READ_ONLY'
    | 'ERR_STORE_DAMAGED'
    | 'ERR_STORE_NEWER'
    | 'ERR_STORE_FOREIGN'
    | 'ERR_STORE_IN_USE'
    | 'ERR_STORE_LOCKED'
    | 'ERR_STORE_MISMATCH'
    | 'ERR_STORE_REPLACED';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The nodes of a cluster cannot exchange frames, one of them is not joined, or it did not answer. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code:
    | 'ERR_CLUSTER_AWAY'
    | 'ERR_CLUSTER_REJECTED'
    | 'ERR_CLUSTER_SILENT'
    | 'ERR_CLUSTER_FRAME_LIMIT'
    | 'ERR_CLUSTER_NAME_TAKEN'
    | 'ERR_CLUSTER_OTHER_STORE'
    | 'ERR_CLUSTER_OTHER_VERSION'
    | 'ERR_CLUSTER_BUSY'
    | 'ERR_CLUSTER_CLOSED'
    | 'ERR_NODE_UNKNOWN'
    | 'ERR_NODE_TIMEOUT';

  constructor(code: ClusterError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A bug of the server. The server continues; please report the bug. */
export class InternalError extends Error {
  override readonly name = 'InternalError';
  readonly code = 'ERR_INTERNAL';
}

/** A hook of the application threw, returned an invalid value, or did not answer in time. */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly code: 'ERR_HOOK_FAILED' | 'ERR_HOOK_ANSWER' | 'ERR_HOOK_TIMED_OUT';
  /** The name of the hook. */
  readonly hook: string;

  /** `cause`: what the hook threw, or a text if it threw nothing. */
  constructor(code: HookError['code'], hook: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`hook ${hook} failed: ${reason}`, typeof cause === 'string' ? undefined : { cause });
    this.code = code;
    this.hook = hook;
  }
}

/** Thrown inside the server if a hook's answer is invalid. The message says what the hook must return, and what it returned. */
export class InvalidAnswer extends Error {}

/** Converts what was thrown, which may be anything, to an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
