/** How long a line may stay in the buffer, in milliseconds. */
const MAX_WAIT_MS = 100;
/** Writes of up to this size to a pipe are atomic (PIPE_BUF): never split or interleaved with other processes' writes. */
const MAX_BYTES = 4096;

/** Destination of the log's lines. */
export interface LogOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
  /** Writes the buffer. Absent if the output has none. */
  flush?(): void;
}

/**
 * Buffers whole lines for a moment before it writes them to `output`: thousands of logins at once are as many lines, and a
 * system call for each would take a tenth of a login's time. A terminal gets each line at once.
 *
 * Call `flush` before the process ends; the lines in the buffer are lost when the process is killed.
 */
export function bufferOutput(output: LogOutput, now: () => number = () => performance.now()): LogOutput {
  if (output.isTTY === true) return output;
  let buffer = '';
  let bytes = 0;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = buffer;
    buffer = '';
    bytes = 0;
    if (text !== '') output.write(text);
  };
  return {
    write(line) {
      const length = Buffer.byteLength(line);
      if (bytes + length > MAX_BYTES) flush();
      if (buffer === '') since = now();
      buffer += line;
      bytes += length;
      // Timers are late while the process is busy, but lines still arrive.
      if (bytes >= MAX_BYTES || now() - since >= MAX_WAIT_MS) flush();
      else timer ??= setTimeout(flush, MAX_WAIT_MS).unref();
    },
    flush,
  };
}
