/** Numbers of all messages of a run. */
export interface Counts {
  readonly sent: number;
  readonly acknowledged: number;
  readonly received: number;
  /** Acknowledged and not received yet. */
  readonly onTheWay: number;
  /** Of these, those acknowledged more than 15 s ago. */
  readonly missing: number;
  /** Reported to the sender as not sent. */
  readonly failed: number;
}

/** Longer than other nodes need to notice a loss and to read the database, and clients to notice a paused node. */
const MISSING_AFTER_MS = 15_000;

/** Counts the outcome of each message, by its fingerprint. Reads no clock: callers pass `now`, in milliseconds. */
export class Ledger {
  readonly #acknowledgedAt = new Map<string, number>();
  /** Received messages whose acknowledgement the sender has not got yet. */
  readonly #early = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #unreceived = new Set<string>();
  #sent = 0;
  #acknowledged = 0;
  #received = 0;

  sent(fingerprint: string): void {
    this.#unreceived.add(fingerprint);
    this.#sent += 1;
  }

  acknowledged(fingerprint: string, now: number): void {
    this.#acknowledged += 1;
    if (!this.#early.delete(fingerprint)) this.#acknowledgedAt.set(fingerprint, now);
  }

  /** The sender gave the message up. It may arrive nevertheless. */
  failed(fingerprint: string): void {
    this.#failed.add(fingerprint);
  }

  /** Returns false for a message of another run, and for a copy. */
  received(fingerprint: string): boolean {
    if (!this.#unreceived.delete(fingerprint)) return false;
    this.#received += 1;
    if (!this.#acknowledgedAt.delete(fingerprint) && !this.#failed.has(fingerprint))
      this.#early.add(fingerprint);
    return true;
  }

  counts(now: number): Counts {
    let missing = 0;
    for (const at of this.#acknowledgedAt.values()) if (now - at > MISSING_AFTER_MS) missing += 1;
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      received: this.#received,
      onTheWay: this.#acknowledgedAt.size,
      missing,
      failed: this.#failed.size,
    };
  }
}
