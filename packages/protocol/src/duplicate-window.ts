import type { Instant } from './clock.js';

/** What a receiver knows of a fingerprint. */
export type Seen =
  /** Never seen, or so long ago that it is forgotten: hand it on. */
  | 'new'
  /** Being handled: neither hand it on nor acknowledge it. */
  | 'in-progress'
  /** Handled: acknowledge it again, do not hand it on. */
  | 'done';

export interface DuplicateWindowLimits {
  /** Shortest time that a handled fingerprint is remembered, in milliseconds. */
  readonly rememberMs: number;
  /** Most handled fingerprints that are remembered; the oldest are forgotten first. */
  readonly maxRemembered: number;
}

/** Ten minutes, as the original; the number bounds the memory that one peer can take. */
export const DEFAULT_DUPLICATE_LIMITS: DuplicateWindowLimits = { rememberMs: 600_000, maxRemembered: 10_000 };

const EMPTY: ReadonlySet<string> = new Set();

/**
 * The fingerprints of one sender that a receiver has seen: each packet is handed on once, acknowledged each time.
 *
 * Handled fingerprints are kept in generations that are dropped whole: forgetting costs nothing per fingerprint.
 * What is in progress is never forgotten; its number is for the caller to limit.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class DuplicateWindow {
  readonly #limits: DuplicateWindowLimits;
  #inProgress: Set<string> | undefined;
  #current = new Set<string>();
  #previous: ReadonlySet<string> = EMPTY;
  #turnsAt: Instant;

  constructor(now: Instant, limits: DuplicateWindowLimits = DEFAULT_DUPLICATE_LIMITS) {
    this.#limits = limits;
    this.#turnsAt = now + limits.rememberMs;
  }

  /** Fingerprints in progress. */
  get inProgress(): number {
    return this.#inProgress?.size ?? 0;
  }

  /** Handled fingerprints that are remembered. */
  get remembered(): number {
    return this.#current.size + this.#previous.size;
  }

  /** Looks without changing anything. */
  look(fingerprint: string): Seen {
    if (this.#inProgress?.has(fingerprint)) return 'in-progress';
    return this.#current.has(fingerprint) || this.#previous.has(fingerprint) ? 'done' : 'new';
  }

  /** Marks a new fingerprint as being handled. */
  begin(fingerprint: string): void {
    this.#inProgress ??= new Set();
    this.#inProgress.add(fingerprint);
  }

  /** Marks it as handled. Returns how many others had to be forgotten before their time. */
  finish(fingerprint: string, now: Instant): number {
    this.#inProgress?.delete(fingerprint);
    const isTime = now >= this.#turnsAt;
    const isFull = this.#current.size >= this.#limits.maxRemembered / 2;
    const forgotten = isFull && !isTime ? this.#previous.size : 0;
    if (isTime || isFull) this.#turn(now);
    this.#current.add(fingerprint);
    return forgotten;
  }

  /** Forgets it, because it was not handled: the sender's next copy is new again. */
  refuse(fingerprint: string): void {
    this.#inProgress?.delete(fingerprint);
  }

  /** Whether everything that it holds may be forgotten. */
  isStale(now: Instant): boolean {
    return this.inProgress === 0 && now >= this.#turnsAt + this.#limits.rememberMs;
  }

  #turn(now: Instant): void {
    const isLongOver = now >= this.#turnsAt + this.#limits.rememberMs;
    this.#previous = isLongOver ? EMPTY : this.#current;
    this.#current = new Set();
    this.#turnsAt = now + this.#limits.rememberMs;
  }
}
