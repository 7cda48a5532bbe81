import { CommandError } from '../command-error.js';

type DevErrorCode = 'ERR_NO_POSTGRESQL' | 'ERR_PORT_IN_USE' | 'ERR_PROGRAM_FAILED' | 'ERR_NOT_POSSIBLE';

/** `imcore dev` cannot do something. The message ends with the code. */
export class DevError extends CommandError {
  readonly code: DevErrorCode;

  constructor(code: DevErrorCode, message: string, advice?: string, options?: ErrorOptions) {
    super(`${message} (${code})`, advice, options);
    this.code = code;
  }
}
