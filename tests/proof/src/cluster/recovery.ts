import type { JournalEntry } from './journal.js';
import { MEMBERS } from './population.js';

/** Times from the end of a fault, in milliseconds. */
export interface Recovery {
  /**
   * Until all users were served: each was online, and had logged in or got an acknowledgement for a message that it sent
   * since then. Undefined if not yet.
   */
  readonly servedMs: number | undefined;
  /** Until a message that was sent since then had gone from each node that runs to each other one. Undefined if not yet. */
  readonly messagesMs: number | undefined;
}

/** Follows the recovery from one fault after the other. Takes the entries of the journals in the order of time. */
export class RecoveryMeter {
  readonly #nodeOf = new Map<string, string>();
  /** Nodes that have reported since they were started. */
  readonly #running = new Set<string>();
  readonly #served = new Set<string>();
  readonly #routes = new Set<string>();
  #since = Number.POSITIVE_INFINITY;
  #recovery: Recovery = { servedMs: undefined, messagesMs: undefined };

  /** Of the last fault. */
  get recovery(): Recovery {
    return this.#recovery;
  }

  get isDone(): boolean {
    return this.#recovery.servedMs !== undefined && this.#recovery.messagesMs !== undefined;
  }

  /** The node at which each user logged in last, unless that was closed. */
  get nodeOf(): ReadonlyMap<string, string> {
    return this.#nodeOf;
  }

  add(entry: JournalEntry): void {
    if (entry.kind === 'ended') this.#begin(entry.at);
    else if (entry.kind === 'began') this.#close(entry.closed);
    else if (entry.kind === 'report') this.#running.add(entry.node);
    else if (entry.kind === 'online') {
      this.#nodeOf.set(entry.userId, entry.node);
      if (entry.at >= this.#since) this.#markServed(entry.userId, entry.at);
    } else if (entry.kind === 'offline') this.#served.delete(entry.userId);
    else if (entry.kind === 'acknowledged' && entry.sentAt >= this.#since) {
      this.#markServed(entry.pair.slice(0, entry.pair.indexOf('>')), entry.at);
    } else if (entry.kind === 'delivered' && entry.sentAt >= this.#since && !this.isDone) {
      this.#routes.add(`${entry.from} ${entry.node}`);
      this.#checkRoutes(entry.at);
    }
  }

  #begin(at: number): void {
    this.#since = at;
    this.#served.clear();
    this.#routes.clear();
    this.#recovery = { servedMs: undefined, messagesMs: undefined };
  }

  /** The node has no users any more, even if their clients have not noticed yet. */
  #close(nodeId: string | undefined): void {
    if (nodeId === undefined) return;
    this.#running.delete(nodeId);
    for (const [userId, node] of this.#nodeOf) if (node === nodeId) this.#nodeOf.delete(userId);
  }

  #markServed(userId: string, at: number): void {
    this.#served.add(userId);
    if (this.#recovery.servedMs !== undefined || this.#served.size < MEMBERS.length) return;
    this.#recovery = { ...this.#recovery, servedMs: at - this.#since };
  }

  #checkRoutes(at: number): void {
    if (this.#recovery.messagesMs !== undefined) return;
    const nodes = [...this.#running];
    const isEverywhere = nodes.every((from) =>
      nodes.every((to) => from === to || this.#routes.has(`${from} ${to}`)),
    );
    if (isEverywhere) this.#recovery = { ...this.#recovery, messagesMs: at - this.#since };
  }
}
