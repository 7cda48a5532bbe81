/** How long a link that was closed may take to get rid of what was sent. Then it is cut. */
const CLOSE_GRACE_MS = 2_000;

/** Cuts a link that does not end by itself soon enough. Does not keep the process alive. */
export function cutAfterGrace(cut: () => void): void {
  setTimeout(cut, CLOSE_GRACE_MS).unref();
}
