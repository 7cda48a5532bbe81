/** Turns that are enough for a hook or a store behind a few layers of `async`. */
const DEFAULT_TURNS = 12;

/**
 * Gives promises so many turns to settle. A chain that is longer goes on during the next call: nothing is lost, it
 * only happens a little later in virtual time.
 *
 * Costs a microtask a turn, about a hundredth of what a turn of the event loop costs.
 */
export async function settlePromises(turns: number = DEFAULT_TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined;
}
