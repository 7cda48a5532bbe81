import type { Instant } from '@imcore/protocol';

interface AddressEntry {
  sessions: number;
  /** When the next login from here would be free of delay if all before it were evenly spaced. */
  nextLoginAt: Instant;
}

/** Logins that would have to wait longer are turned away, in milliseconds: a client retries after 3 s. */
const MAX_LOGIN_DELAY_MS = 2000;

/** Below so many addresses it is not worth looking for those that can be forgotten. */
const MIN_SWEPT = 1000;

/**
 * What each remote address is doing: its open sessions and how fast it logs in.
 *
 * An address is forgotten with its last session, unless its logins are still counted.
 */
export class AddressTable {
  readonly #maxSessions: number;
  readonly #loginSpacingMs: number;
  readonly #burstMs: number;
  readonly #isExempt: (address: string) => boolean;
  readonly #entries = new Map<string, AddressEntry>();
  #sweepsAtSize = MIN_SWEPT;

  constructor(limits: {
    readonly maxSessionsPerAddress: number;
    readonly loginsPerSecondPerAddress: number;
    readonly isExempt: (address: string) => boolean;
  }) {
    this.#maxSessions = limits.maxSessionsPerAddress;
    this.#loginSpacingMs = 1000 / limits.loginsPerSecondPerAddress;
    this.#burstMs = 1000;
    this.#isExempt = limits.isExempt;
  }

  /** Addresses that are known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Counts a session in, unless its transport has no addresses. Returns false, and counts nothing, when the address has as many as it may. */
  enter(address: string, now: Instant): boolean {
    if (address === '' || this.#isExempt(address)) return true;
    const entry = this.#entries.get(address);
    if (entry === undefined) {
      if (this.#entries.size >= this.#sweepsAtSize) this.#sweep(now);
      this.#entries.set(address, { sessions: 1, nextLoginAt: Number.NEGATIVE_INFINITY });
      return true;
    }
    if (entry.sessions >= this.#maxSessions) return false;
    entry.sessions += 1;
    return true;
  }

  leave(address: string, now: Instant): void {
    const entry = this.#entries.get(address);
    if (entry === undefined) return;
    entry.sessions -= 1;
    if (this.#isForgettable(entry, now)) this.#entries.delete(address);
  }

  /**
   * How long a login from here must wait, in milliseconds: 0 within the rate, a second's worth of logins at once.
   * `undefined` where it would be too long: the login is turned away, and takes no place in the queue.
   */
  loginDelayMs(address: string, now: Instant): number | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return 0;
    const next = Math.max(entry.nextLoginAt, now - this.#burstMs) + this.#loginSpacingMs;
    if (next - now > MAX_LOGIN_DELAY_MS) return undefined;
    entry.nextLoginAt = next;
    return Math.max(0, next - now);
  }

  /** Without sessions, and with a whole burst of logins before it again: nothing is lost with it. */
  #isForgettable(entry: AddressEntry, now: Instant): boolean {
    return entry.sessions <= 0 && entry.nextLoginAt <= now - this.#burstMs;
  }

  /** Forgets addresses without sessions whose logins are no longer slowed; seldom enough to cost nothing on average. */
  #sweep(now: Instant): void {
    for (const [address, entry] of this.#entries) {
      if (this.#isForgettable(entry, now)) this.#entries.delete(address);
    }
    this.#sweepsAtSize = Math.max(MIN_SWEPT, 2 * this.#entries.size);
  }
}

/** Loopback: the machine itself and proxies on it, where one address stands for many people. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
