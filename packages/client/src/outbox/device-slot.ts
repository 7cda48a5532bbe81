import type { Locks } from './indexed-db-types.js';

/** Maximum number of devices of one browser: a server keeps ten for each user. Further tabs have none. */
const MAX_SLOTS = 8;

/** The place of one tab among the tabs of a browser. */
interface DeviceSlot {
  /** 0, 1, … */
  readonly number: number;
  /** Resolves when another tab can take the place. */
  release(): Promise<void>;
}

/**
 * Takes the first place that no other tab has, until it is released or the page is closed. A tab that comes later gets the
 * place of one that is gone, so that a browser has no more devices than it had tabs at a time.
 *
 * Resolves with undefined if there is none.
 */
export async function takeSlot(place: string, locks: Locks): Promise<DeviceSlot | undefined> {
  for (let number = 0; number < MAX_SLOTS; number++) {
    const release = await lockIfFree(`${number}:${place}`, locks);
    if (release !== undefined) return { number, release };
  }
  return undefined;
}

/** Resolves with what releases the lock; undefined if somebody has it. */
function lockIfFree(name: string, locks: Locks): Promise<DeviceSlot['release'] | undefined> {
  return new Promise((resolve, reject) => {
    let free = (): void => {};
    const held = locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock === null) {
        resolve(undefined);
        return;
      }
      await new Promise<void>((released) => {
        free = released;
        resolve(async () => {
          free();
          await held;
        });
      });
    });
    held.catch(reject);
  });
}
