/** How long a condition may take on a busy machine, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** Resolves when the condition holds, after any number of turns of the event loop. Rejects when that takes too long. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`the condition did not hold within ${TIMEOUT_MS} ms`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
