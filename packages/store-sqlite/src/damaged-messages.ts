import { StoreError, type StoreId } from '@imcore/server/ports';
import { numberOf } from './rows.js';

/** Maximum number of messages that are remembered as reported. Beyond it, some are reported again. */
const MAX_REPORTED = 10_000;

/** Sets messages aside that were found in a queue; `receiver` is undefined for those of a history. */
type SetAside = (ids: readonly StoreId[], receiver: string | undefined) => void;

/**
 * The messages whose checksum differs from the stored one. None is delivered. Each is reported once, by the call that has
 * found it, and set aside; a later call leaves it out, also if it could not be set aside.
 */
export class DamagedMessages {
  readonly #setAside: SetAside;
  readonly #reported = new Set<StoreId>();
  #count = 0;

  constructor(setAside: SetAside) {
    this.#setAside = setAside;
  }

  /** What an operator must know; undefined if nothing was damaged. */
  get problem(): string | undefined {
    if (this.#count === 0) return undefined;
    return `ERR_STORE_DAMAGED: ${this.#count} stored messages were altered in the file since the start; none was delivered, see the dead letters`;
  }

  /** @throws StoreError `ERR_STORE_DAMAGED` if a message was not reported before */
  report(rows: readonly unknown[], receiver?: string): void {
    const ids = rows.map((row) => numberOf(row, 'id')).filter((id) => !this.#reported.has(id));
    if (ids.length === 0) return;
    if (this.#reported.size + ids.length > MAX_REPORTED) this.#reported.clear();
    for (const id of ids) this.#reported.add(id);
    this.#count += ids.length;
    this.#setAside(ids, receiver);
    const which = ids.length === 1 ? `message ${ids[0]} was` : `messages ${ids.join(', ')} were`;
    throw new StoreError(
      'ERR_STORE_DAMAGED',
      `${which} altered in the file: not delivered, but set aside as dead letters`,
    );
  }
}
