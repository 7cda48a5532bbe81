/** Users whose counts are kept at hand. */
const MAX_KEPT = 50_000;
/** How long a count is trusted while it leaves room. */
const TRUST_ROOM_MS = 10_000;
/** How long a count is trusted that says full. */
const TRUST_FULL_MS = 1000;

interface Count {
  waiting: number;
  readonly countedAt: number;
}

/**
 * How many messages wait for whom, as far as lately asked: counting rows for each append would cost more than it.
 *
 * Other nodes append and confirm too. A count is asked anew after ten seconds, and after one second before it
 * refuses a message: a bound may be passed by what other nodes have stored in that time.
 */
export class MailboxCounts {
  readonly #max: number;
  readonly #counts = new Map<string, Count>();

  constructor(maxPerUser: number) {
    this.#max = maxPerUser;
  }

  /** Of these users (with what is to be added for each), those who must be counted first. */
  unknownOf(additions: ReadonlyMap<string, number>, now: number): readonly string[] {
    if (this.#counts.size >= MAX_KEPT) this.#counts.clear();
    return [...additions.keys()].filter((userId) => {
      const count = this.#counts.get(userId);
      if (count === undefined) return true;
      const age = now - count.countedAt;
      const trusted = this.roomFor(userId) < (additions.get(userId) ?? 0) ? TRUST_FULL_MS : TRUST_ROOM_MS;
      return age < 0 || age >= trusted;
    });
  }

  counted(userId: string, waiting: number, now: number): void {
    this.#counts.set(userId, { waiting, countedAt: now });
  }

  /** How many more messages a user may have; the bound itself for a user who was not counted. */
  roomFor(userId: string): number {
    return Math.max(0, this.#max - (this.#counts.get(userId)?.waiting ?? 0));
  }

  changed(userId: string, by: number): void {
    const count = this.#counts.get(userId);
    if (count !== undefined) count.waiting += by;
  }

  /** After a transaction that perhaps did not happen: what was counted may be wrong. */
  forget(userIds: Iterable<string>): void {
    for (const userId of userIds) this.#counts.delete(userId);
  }
}
