/** A node, as a load balancer sees it. */
interface Candidate {
  readonly number: number;
  readonly isRunning: boolean;
}

/**
 * Chooses the node that a user connects to, as a load balancer does: the preferred one if it runs, otherwise a running one where
 * the other user is not. Undefined if none runs.
 */
export function chooseNode(
  nodes: readonly Candidate[],
  preferred: number,
  other: number | undefined,
): number | undefined {
  const running = nodes.filter(({ isRunning }) => isRunning).map(({ number }) => number);
  if (running.includes(preferred)) return preferred;
  return running.find((number) => number !== other) ?? running[0];
}
