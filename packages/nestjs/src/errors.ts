/** The module was set up in a way that cannot work. It stops the start of the application. */
export class ImModuleError extends Error {
  override readonly name = 'ImModuleError';
  readonly code: ImModuleErrorCode;

  constructor(code: ImModuleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What is wrong with how the application is put together. */
export type ImModuleErrorCode =
  /** Two classes answer the same hook. */
  | 'ERR_HOOK_TAKEN'
  /** A class answers hooks or hears events and cannot: it lacks `@ImListener()`, or is made anew for each request. */
  | 'ERR_LISTENER_UNUSABLE'
  /** Something needs the running server before the application has started, or after it has ended. */
  | 'ERR_SERVER_NOT_RUNNING'
  /** A transport shares the application's HTTP server, and the application has none. */
  | 'ERR_NO_HTTP_SERVER';
