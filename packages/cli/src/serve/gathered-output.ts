/** How long a line may wait for others, in milliseconds. */
const MAX_WAIT_MS = 100;
/** So many bytes at once are never mixed with what another process writes to the same pipe, nor cut in two (PIPE_BUF). */
const MAX_BYTES = 4096;

/** Where the log's lines go. */
export interface LogOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
  /** Writes what has been held back. Absent where nothing is. */
  flush?(): void;
}

/**
 * Writes to `output` what has gathered for a moment, whole lines of it: thousands of users who log in at once are as many
 * lines, and a system call for each would cost a tenth of the login. A terminal gets each line at once.
 *
 * Whoever ends the process calls `flush` before; a process that is killed takes with it what has gathered.
 */
export function gatherOutput(output: LogOutput, now: () => number = () => performance.now()): LogOutput {
  if (output.isTTY === true) return output;
  let gathered = '';
  let bytes = 0;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = '';
    bytes = 0;
    if (text !== '') output.write(text);
  };
  return {
    write(line) {
      const length = Buffer.byteLength(line);
      if (bytes + length > MAX_BYTES) flush();
      if (gathered === '') since = now();
      gathered += line;
      bytes += length;
      // The timer does not run while the process is busy, but lines may be written then.
      if (bytes >= MAX_BYTES || now() - since >= MAX_WAIT_MS) flush();
      else timer ??= setTimeout(flush, MAX_WAIT_MS).unref();
    },
    flush,
  };
}
