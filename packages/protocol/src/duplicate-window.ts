import type { Instant } from './clock.js';
import type { Digest } from './digest.js';
import { DigestSet } from './digest-set.js';

/** The state of a message in a duplicate window. */
export type Seen =
  /** Not seen before, or no longer remembered: process it. */
  | 'new'
  /** Being processed: do not process it again, do not acknowledge it yet. */
  | 'in-progress'
  /** Processed: acknowledge it again, do not process it again. */
  | 'done';

/** Limits of a duplicate window. */
export interface DuplicateWindowLimits {
  /** How long a processed message is remembered at least, in milliseconds. At most twice as long. */
  readonly rememberMs: number;
  /** Maximum number of processed messages that are remembered; the oldest are forgotten first. */
  readonly maxRemembered: number;
}

/** The default: 10 minutes, as in the original, and 10 000 messages, which limits the memory one peer can use. */
export const DEFAULT_DUPLICATE_LIMITS: DuplicateWindowLimits = { rememberMs: 600_000, maxRemembered: 10_000 };

/**
 * The messages that one side has received, for duplicate suppression: each is processed once and acknowledged every
 * time. The key is the fingerprint and a peer. On a server the peer is the receiver, so that one fingerprint may be
 * sent to several users; on a client it is the sender.
 *
 * Processed messages are kept in two generations; the older one is dropped as a whole, so forgetting costs nothing per
 * message. Messages in progress are never forgotten; the caller limits their number.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class DuplicateWindow {
  readonly #limits: DuplicateWindowLimits;
  readonly #digest: Digest;
  #inProgress: DigestSet | undefined;
  #current = new DigestSet();
  #previous: DigestSet | undefined;
  #turnsAt: Instant;

  /** `digest` may be shared with any number of windows. */
  constructor(now: Instant, limits: DuplicateWindowLimits, digest: Digest) {
    this.#limits = limits;
    this.#digest = digest;
    this.#turnsAt = now + limits.rememberMs;
  }

  /** Number of messages in progress. */
  get inProgress(): number {
    return this.#inProgress?.size ?? 0;
  }

  /** Number of processed messages that are remembered. */
  get remembered(): number {
    return this.#current.size + (this.#previous?.size ?? 0);
  }

  /**
   * Returns the state of a message, and marks a new one as in progress. Returns `too-many` for a new message if
   * `maxInProgress` messages are in progress.
   */
  begin(fingerprint: string, peer: string, maxInProgress: number): Seen | 'too-many' {
    const digest = this.#digest.of(fingerprint, peer);
    if (this.#inProgress?.has(digest)) return 'in-progress';
    if (this.#current.has(digest) || this.#previous?.has(digest)) return 'done';
    if (this.inProgress >= maxInProgress) return 'too-many';
    this.#inProgress ??= new DigestSet();
    this.#inProgress.add(digest);
    return 'new';
  }

  /** Returns the state of a message without changing it. */
  peek(fingerprint: string, peer: string): Seen {
    const digest = this.#digest.of(fingerprint, peer);
    if (this.#inProgress?.has(digest)) return 'in-progress';
    return this.#current.has(digest) || this.#previous?.has(digest) ? 'done' : 'new';
  }

  /**
   * Marks a message as processed. Returns how many other messages were forgotten before `rememberMs` had passed, because
   * of `maxRemembered`.
   */
  finish(fingerprint: string, peer: string, now: Instant): number {
    const digest = this.#digest.of(fingerprint, peer);
    this.#inProgress?.delete(digest);
    const isTime = now >= this.#turnsAt;
    const isFull = this.#current.size >= this.#limits.maxRemembered / 2;
    const forgotten = isFull && !isTime ? (this.#previous?.size ?? 0) : 0;
    if (isTime || isFull) this.#turn(now);
    this.#current.add(digest);
    return forgotten;
  }

  /** Forgets a message in progress that was not processed: the sender's next copy is `new`. */
  release(fingerprint: string, peer: string): void {
    this.#inProgress?.delete(this.#digest.of(fingerprint, peer));
  }

  #turn(now: Instant): void {
    const isLongOver = now >= this.#turnsAt + this.#limits.rememberMs;
    this.#previous = isLongOver ? undefined : this.#current;
    this.#current = new DigestSet();
    this.#turnsAt = now + this.#limits.rememberMs;
  }
}
