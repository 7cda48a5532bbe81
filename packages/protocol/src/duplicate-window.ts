import type { Instant } from './clock.js';
import type { Digest } from './digest.js';
import { DigestSet } from './digest-set.js';

/** What a receiver knows of a message. */
export type Seen =
  /** Never seen, or so long ago that it is forgotten: hand it on. */
  | 'new'
  /** Being handled: neither hand it on nor acknowledge it. */
  | 'in-progress'
  /** Handled: acknowledge it again, do not hand it on. */
  | 'done';

/** How much of the past is remembered. */
export interface DuplicateWindowLimits {
  /** Shortest time that a handled message is remembered, in milliseconds. */
  readonly rememberMs: number;
  /** Most handled messages that are remembered; the oldest are forgotten first. */
  readonly maxRemembered: number;
}

/** Ten minutes, as the original; the number bounds the memory that one peer can take. */
export const DEFAULT_DUPLICATE_LIMITS: DuplicateWindowLimits = { rememberMs: 600_000, maxRemembered: 10_000 };

/**
 * The messages that one side has seen: each is handed on once, acknowledged each time. A message is known by its
 * fingerprint and its peer: to a server its receiver, so that one fingerprint may be sent to several users; to a
 * client its sender.
 *
 * Handled ones are kept in generations that are dropped whole: forgetting costs nothing per message. What is in
 * progress is never forgotten; its number is for the caller to limit.
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

  /** Messages in progress. */
  get inProgress(): number {
    return this.#inProgress?.size ?? 0;
  }

  /** Handled messages that are remembered. */
  get remembered(): number {
    return this.#current.size + (this.#previous?.size ?? 0);
  }

  /** Looks, and marks a new message as being handled, unless as many as `maxInProgress` are. */
  begin(fingerprint: string, peer: string, maxInProgress: number): Seen | 'too-many' {
    const digest = this.#digest.of(fingerprint, peer);
    if (this.#inProgress?.has(digest)) return 'in-progress';
    if (this.#current.has(digest) || this.#previous?.has(digest)) return 'done';
    if (this.inProgress >= maxInProgress) return 'too-many';
    this.#inProgress ??= new DigestSet();
    this.#inProgress.add(digest);
    return 'new';
  }

  /** Looks without changing anything. */
  look(fingerprint: string, peer: string): Seen {
    const digest = this.#digest.of(fingerprint, peer);
    if (this.#inProgress?.has(digest)) return 'in-progress';
    return this.#current.has(digest) || this.#previous?.has(digest) ? 'done' : 'new';
  }

  /** Marks it as handled. Returns how many others had to be forgotten before their time. */
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

  /** Forgets it, because it was not handled: the sender's next copy is new again. */
  refuse(fingerprint: string, peer: string): void {
    this.#inProgress?.delete(this.#digest.of(fingerprint, peer));
  }

  #turn(now: Instant): void {
    const isLongOver = now >= this.#turnsAt + this.#limits.rememberMs;
    this.#previous = isLongOver ? undefined : this.#current;
    this.#current = new DigestSet();
    this.#turnsAt = now + this.#limits.rememberMs;
  }
}
