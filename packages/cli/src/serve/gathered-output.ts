/** How long a line may wait for others, in milliseconds. */
const MAX_WAIT_MS = 100;
/** With so many characters they are written at once. */
const MAX_GATHERED_CHARACTERS = 16 * 1024;

/** Where the log's lines go. */
export interface LogOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
  /** Writes what has been held back. Absent where nothing is. */
  flush?(): void;
}

/**
 * Writes to `output` what has gathered for a moment: thousands of users who log in at once are as many lines, and a system
 * call for each would cost a tenth of the login. A terminal gets each line at once.
 *
 * Whoever ends the process calls `flush` before; a process that is killed takes the last tenth of a second with it.
 */
export function gatherOutput(output: LogOutput): LogOutput {
  if (output.isTTY === true) return output;
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = '';
    if (text !== '') output.write(text);
  };
  return {
    write(text) {
      gathered += text;
      if (gathered.length >= MAX_GATHERED_CHARACTERS) flush();
      else timer ??= setTimeout(flush, MAX_WAIT_MS).unref();
    },
    flush,
  };
}
