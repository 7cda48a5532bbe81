/** A command cannot go on. The message says what is wrong, the advice what to try next. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly advice: string | undefined;

  constructor(message: string, advice?: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

/** What a person is told of it: one line, and one more where there is advice. */
export function describeError(error: unknown): string {
  if (error instanceof CommandError) {
    return `imcore: ${error.message}${error.advice === undefined ? '' : `\n${error.advice}`}\n`;
  }
  return `imcore: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
