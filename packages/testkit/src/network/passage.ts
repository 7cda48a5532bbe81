import { type Direction, type LinkConditions, PERFECT_LINK } from './link-conditions.js';

/** The state of a link: its conditions, and the directions that are blocked. */
export class Passage {
  conditions: LinkConditions;
  readonly #blocked = new Set<Direction>();

  constructor(conditions: Partial<LinkConditions>) {
    this.conditions = { ...PERFECT_LINK, ...conditions };
  }

  isBlocked(direction: Direction): boolean {
    return this.#blocked.has(direction);
  }

  get isPartitioned(): boolean {
    return this.#blocked.size > 0;
  }

  block(directions: readonly Direction[]): void {
    for (const direction of directions) this.#blocked.add(direction);
  }

  unblock(): void {
    this.#blocked.clear();
  }
}
