import { printable } from '@imcore/server/ports';

/** A command failed for a reason the user can fix. The message says what is wrong, the advice what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly advice: string | undefined;

  constructor(message: string, advice?: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

/** The text for the standard error: the message, and the advice on its own line. A server may have written parts. */
export function describeError(error: unknown): string {
  if (error instanceof CommandError) {
    return printable(`imcore: ${error.message}${error.advice === undefined ? '' : `\n${error.advice}`}\n`);
  }
  return printable(`imcore: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
