/** Enough for a hook or a store behind a few layers of `async`. */
const DEFAULT_TURNS = 12;

/**
 * Lets promises settle: waits for so many microtasks, 12 by default. A longer chain continues during the next call, a
 * little later in virtual time.
 *
 * A microtask costs about a hundredth of a turn of the event loop.
 */
export async function settlePromises(turns: number = DEFAULT_TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined;
}
