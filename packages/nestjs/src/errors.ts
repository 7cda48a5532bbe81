/** The module is configured in a way that cannot work. The application does not start. */
export class ImModuleError extends Error {
  override readonly name = 'ImModuleError';
  readonly code: ImModuleErrorCode;

  constructor(code: ImModuleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What is wrong with the configuration. */
export type ImModuleErrorCode =
  /** Two methods handle the same hook. */
  | 'ERR_HOOK_TAKEN'
  /** A class with handlers lacks `@ImListener()`, is not a singleton, or has a static handler. */
  | 'ERR_LISTENER_UNUSABLE'
  /** A client of the own server was requested before it listens or after it closed. */
  | 'ERR_SERVER_NOT_RUNNING'
  /** A transport shares the application's HTTP server, but the application has none. */
  | 'ERR_NO_HTTP_SERVER';
