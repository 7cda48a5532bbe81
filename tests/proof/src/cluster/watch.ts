import { pause } from '../traffic.js';
import type { Journal } from './journal.js';
import type { ProofUser } from './meeting-place.js';
import type { NodeProcess } from './node-process.js';

/** How long a user may be at two nodes while nothing is broken, in milliseconds: what is promised, and two reports. */
const TWICE_MS = 3500;

/** How long recovery may take before it counts as failed, in milliseconds. */
const RECOVERY_MS = 30_000;

/** Times from the end of a fault, in milliseconds; undefined if it did not come within 30 s. */
export interface Recovery {
  /** Until all users were online. */
  readonly onlineMs: number | undefined;
  /** Until a message that was sent afterwards had gone from each node with users to each other one. */
  readonly messagesMs: number | undefined;
}

/** Looks at users and nodes while the proof runs. */
export class Watch {
  readonly #nodes: readonly NodeProcess[];
  readonly #users: readonly ProofUser[];
  readonly #journal: Journal;
  /** Since when a user has been at two nodes. */
  readonly #twiceSince = new Map<string, number>();
  /** Users that were at two nodes for too long. */
  readonly twiceOnline = new Set<string>();

  constructor(nodes: readonly NodeProcess[], users: readonly ProofUser[], journal: Journal) {
    this.#nodes = nodes;
    this.#users = users;
    this.#journal = journal;
  }

  async recovery(since: number): Promise<Recovery> {
    const online = await this.#until(since, () => this.#users.every(({ isOnline }) => isOnline));
    const messages = await this.#until(since, () => this.#hasPassedEverywhere(since));
    return { onlineMs: online, messagesMs: messages };
  }

  /** Lets the nodes run undisturbed for a time, and sees who is at two of them. */
  async calm(ms: number): Promise<void> {
    this.#twiceSince.clear();
    for (const until = performance.now() + ms; performance.now() < until; ) {
      this.#lookForTwins();
      await pause(100);
    }
  }

  /** Moves users from the node that has most to the one that has fewest. */
  spread(): void {
    const counted = this.#nodes.map(({ nodeId }) => {
      return { nodeId, users: this.#users.filter(({ node }) => node === nodeId) };
    });
    counted.sort((a, b) => a.users.length - b.users.length);
    const [fewest, most] = [counted[0], counted.at(-1)];
    if (fewest === undefined || most === undefined) return;
    const tooMany = Math.ceil((most.users.length - fewest.users.length) / 2);
    for (const user of most.users.slice(0, tooMany)) user.moveTo(fewest.nodeId);
  }

  /** Whether all nodes know each other and all users. */
  get agree(): boolean {
    return this.#nodes.every(
      ({ report }) => report?.known === this.#users.length && report.nodes.length === this.#nodes.length - 1,
    );
  }

  async #until(since: number, isDone: () => boolean): Promise<number | undefined> {
    while (!isDone()) {
      if (performance.now() - since > RECOVERY_MS) return undefined;
      await pause(10);
    }
    return performance.now() - since;
  }

  #hasPassedEverywhere(since: number): boolean {
    const nodes = [...new Set(this.#users.map(({ node }) => node))];
    return nodes.every((from) =>
      nodes.every((to) => from === to || this.#journal.hasPassed(from, to, since)),
    );
  }

  #lookForTwins(): void {
    const now = performance.now();
    const seen = new Map<string, number>();
    for (const { report, reportedAt } of this.#nodes) {
      if (report === undefined || now - reportedAt > 1000) continue;
      for (const userId of report.users) seen.set(userId, (seen.get(userId) ?? 0) + 1);
    }
    for (const { userId } of this.#users) {
      if ((seen.get(userId) ?? 0) < 2) this.#twiceSince.delete(userId);
      else if (!this.#twiceSince.has(userId)) this.#twiceSince.set(userId, now);
      if (now - (this.#twiceSince.get(userId) ?? now) > TWICE_MS) this.twiceOnline.add(userId);
    }
  }
}
