import type { Instant } from './clock.js';
import type { Digest } from './digest.js';
import { DigestSet, type DigestWords } from './digest-set.js';

/** The state of a message in a duplicate window. */
export type Seen =
  /** Not seen before, or no longer remembered: process it. */
  | 'new'
  /** Being processed: do not process it again, do not acknowledge it yet. */
  | 'in-progress'
  /** Processed: acknowledge it again, do not process it again. */
  | 'done';

/**
 * Identifies a message in progress in its duplicate window, so that nothing is computed again when it ends.
 */
export class DuplicateKey implements DigestWords {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** Whether the window knows the same fingerprint and peer with another content. */
  readonly isReused: boolean;

  constructor({ a, b, c, d }: DigestWords, isReused: boolean) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    this.isReused = isReused;
  }
}

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
 * time. The key is the fingerprint, a peer and the content. On a server the peer is the receiver, so that one fingerprint
 * may be sent to several users. A message with a known fingerprint and another content is no copy but a new message: its
 * sender counts its messages, and began again.
 *
 * Of the processed messages with the same fingerprint and peer the last one is remembered.
 *
 * Processed messages are kept in two generations; the older one is dropped as a whole, so forgetting costs nothing per
 * message. Messages in progress are never forgotten; the caller limits their number.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 * @see docs/adr/0024-a-copy-has-the-same-content.md
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
   * Marks a new message as in progress and returns its key, for {@link finish} or {@link release}. Returns the state of any
   * other message, and `too-many` for a new one if `maxInProgress` messages are in progress.
   *
   * @param content the digest of its content
   */
  begin(
    fingerprint: string,
    peer: string,
    content: number,
    maxInProgress: number,
  ): DuplicateKey | 'in-progress' | 'done' | 'too-many' {
    const digest = this.#digestOf(fingerprint, peer, content);
    const running = this.#inProgress?.find(digest) ?? 'absent';
    if (running === 'same') return 'in-progress';
    const current = this.#current.find(digest);
    if (current === 'same') return 'done';
    const previous = this.#previous?.find(digest) ?? 'absent';
    if (previous === 'same') return 'done';
    if (this.inProgress >= maxInProgress) return 'too-many';
    const isReused = running === 'other' || current === 'other' || previous === 'other';
    const key = new DuplicateKey(digest, isReused);
    this.#inProgress ??= new DigestSet();
    this.#inProgress.add(key);
    return key;
  }

  /** Returns the state of a message without changing it. */
  peek(fingerprint: string, peer: string, content: number): Seen {
    const digest = this.#digestOf(fingerprint, peer, content);
    if (this.#inProgress?.has(digest)) return 'in-progress';
    return this.#current.has(digest) || this.#previous?.has(digest) ? 'done' : 'new';
  }

  /**
   * Marks a message as processed. Returns how many other messages were forgotten before `rememberMs` had passed, because
   * of `maxRemembered`.
   */
  finish(key: DuplicateKey, now: Instant): number {
    this.#inProgress?.delete(key);
    const isTime = now >= this.#turnsAt;
    const isFull = this.#current.size >= this.#limits.maxRemembered / 2;
    const forgotten = isFull && !isTime ? (this.#previous?.size ?? 0) : 0;
    if (isTime || isFull) this.#turn(now);
    this.#current.replace(key);
    return forgotten;
  }

  /** Forgets a message in progress that was not processed: the sender's next copy is `new`. */
  release(key: DuplicateKey): void {
    this.#inProgress?.delete(key);
  }

  #digestOf(fingerprint: string, peer: string, content: number): DigestWords {
    this.#digest.of(fingerprint, peer);
    this.#digest.d = content;
    return this.#digest;
  }

  #turn(now: Instant): void {
    const isLongOver = now >= this.#turnsAt + this.#limits.rememberMs;
    this.#previous = isLongOver ? undefined : this.#current;
    this.#current = new DigestSet();
    this.#turnsAt = now + this.#limits.rememberMs;
  }
}
