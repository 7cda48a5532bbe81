import { type MessageId, type Position, StoreError } from '@imcore/server/ports';

/** Maximum number of messages that are remembered as reported. Beyond it, some are reported again. */
const MAX_REPORTED = 10_000;

/** A message that was found altered. */
export interface DamagedPlace {
  readonly message: MessageId;
  /** In whose log it was found, and where; absent for a message of a history. What its row says may be altered. */
  readonly user?: number;
  readonly position?: Position;
}

/**
 * The messages whose checksum differs from the stored one. None is delivered. Each is reported once, by the call that has
 * found it, and set aside; a later call leaves it out, also if it could not be set aside.
 */
export class DamagedMessages {
  readonly #setAside: (places: readonly DamagedPlace[]) => void;
  readonly #reported = new Set<string>();
  #count = 0;

  /** @param setAside is called while a read transaction may be open */
  constructor(setAside: (places: readonly DamagedPlace[]) => void) {
    this.#setAside = setAside;
  }

  /** What an operator must know; undefined if nothing was damaged. */
  get problem(): string | undefined {
    if (this.#count === 0) return undefined;
    return `ERR_STORE_DAMAGED: ${this.#count} stored messages were altered in the file since the start; none was delivered, see the dead letters`;
  }

  /** @throws StoreError `ERR_STORE_DAMAGED` if a message was not reported before */
  report(places: readonly DamagedPlace[]): void {
    const found = places.filter((place) => !this.#reported.has(keyOf(place)));
    if (found.length === 0) return;
    if (this.#reported.size + found.length > MAX_REPORTED) this.#reported.clear();
    for (const place of found) this.#reported.add(keyOf(place));
    this.#count += found.length;
    this.#setAside(found);
    const ids = found.map(({ message }) => message);
    const which = ids.length === 1 ? `message ${ids[0]} was` : `messages ${ids.join(', ')} were`;
    throw new StoreError(
      'ERR_STORE_DAMAGED',
      `${which} altered in the file: not delivered, but set aside as dead letters`,
    );
  }
}

function keyOf({ message, user = 0, position = 0 }: DamagedPlace): string {
  return `${message} ${user} ${position}`;
}
