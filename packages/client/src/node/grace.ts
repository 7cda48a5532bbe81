/** How long a closing link may take to flush its output, in milliseconds. */
const CLOSE_GRACE_MS = 2_000;

/** Calls `cut` after the grace period, to destroy a link that has not closed by itself. Does not keep the process alive. */
export function cutAfterGrace(cut: () => void): void {
  setTimeout(cut, CLOSE_GRACE_MS).unref();
}
