import type { JournalEntry } from './journal.js';
import type { NodeReport } from './node-process.js';

/** How long a user may be at two nodes while nothing is broken, in milliseconds: what is promised, and two reports. */
const TWICE_MS = 3500;

/** A report that is older says nothing, in milliseconds. */
const FRESH_MS = 1000;

/** Finds users with sessions at two nodes, from what the nodes report in calm. */
export class TwiceOnline {
  readonly #reports = new Map<string, { readonly at: number; readonly users: ReadonlySet<string> }>();
  /** Since when a user has been at two nodes. */
  readonly #since = new Map<string, number>();
  /** Users that were at two nodes for too long. */
  readonly users = new Set<string>();

  add(entry: JournalEntry, isCalm: boolean): void {
    if (!isCalm) this.#since.clear();
    if (entry.kind === 'report') this.#take(entry.node, entry.at, entry, isCalm);
  }

  #take(node: string, at: number, { users }: NodeReport, isCalm: boolean): void {
    this.#reports.set(node, { at, users: new Set(users) });
    if (!isCalm) return;
    const fresh = [...this.#reports.values()].filter((report) => at - report.at <= FRESH_MS);
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const report of fresh) {
      for (const userId of report.users) (seen.has(userId) ? twice : seen).add(userId);
    }
    for (const userId of this.#since.keys()) if (!twice.has(userId)) this.#since.delete(userId);
    for (const userId of twice) {
      const since = this.#since.get(userId) ?? at;
      this.#since.set(userId, since);
      if (at - since > TWICE_MS) this.users.add(userId);
    }
  }
}
