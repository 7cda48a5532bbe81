import { readFileSync } from 'node:fs';

/** Descriptors that stay free for files, databases and everything else that the process opens: a share and its bounds. */
const SPARE_SHARE = 1 / 16;
const MIN_SPARE = 8;
const MAX_SPARE = 1024;

/**
 * The limit of open files of this process (`ulimit -n`), as far as sockets may use it up.
 *
 * When a process has no descriptors left, the system closes new connections before the process sees them, and databases and
 * files fail. So sockets are rejected a little earlier, where it can be counted and reported. The system gives every file the
 * lowest free number: the number of a new socket says how many files are open, whoever has opened them.
 */
export class OpenFiles {
  readonly #read: () => number;
  #limit: number | undefined;

  /** `read` returns the limit of open files; it is called when the first socket is accepted. */
  constructor(read: () => number = readOpenFilesLimit) {
    this.#read = read;
  }

  /** Number of descriptors that sockets may use, with those of everything else that is open. */
  get limit(): number {
    this.#limit ??= withoutSpare(this.#read());
    return this.#limit;
  }

  hasRoomFor(fileDescriptor: number): boolean {
    return fileDescriptor < this.limit;
  }
}

function withoutSpare(limit: number): number {
  return limit - Math.min(MAX_SPARE, Math.max(MIN_SPARE, Math.floor(limit * SPARE_SHARE)));
}

/** Reads `ulimit -n`. Infinity if it is unlimited or unknown, as on systems without `/proc`. */
function readOpenFilesLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
