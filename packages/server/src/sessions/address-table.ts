import type { Instant } from '@imcore/protocol';

interface AddressEntry {
  sessions: number;
  /** When the next login from here would not be delayed, if the logins before it were evenly spaced. */
  nextLoginAt: Instant;
}

/** Logins that would have to wait longer are rejected, in milliseconds: a client retries after 3 s. */
const MAX_LOGIN_DELAY_MS = 2000;

/** With fewer addresses than this, none are swept. */
const MIN_SWEPT = 1000;

/**
 * The open sessions and the login rate of each remote address.
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

  /** Number of known addresses. */
  get size(): number {
    return this.#entries.size;
  }

  /** Counts a new session. Returns false, and counts nothing, if the address has the maximum number of sessions. */
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
   * Returns how long a login from here must wait, in milliseconds; 0 within the rate, with bursts of up to one second.
   * Returns `undefined` if it would wait too long: the login is rejected and does not delay later ones.
   */
  loginDelayMs(address: string, now: Instant): number | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return 0;
    const next = Math.max(entry.nextLoginAt, now - this.#burstMs) + this.#loginSpacingMs;
    if (next - now > MAX_LOGIN_DELAY_MS) return undefined;
    entry.nextLoginAt = next;
    return Math.max(0, next - now);
  }

  /** Whether an address has no sessions and its whole burst available again. */
  #isForgettable(entry: AddressEntry, now: Instant): boolean {
    return entry.sessions <= 0 && entry.nextLoginAt <= now - this.#burstMs;
  }

  /** Forgets addresses that are forgettable. Runs so rarely that its cost per session is constant. */
  #sweep(now: Instant): void {
    for (const [address, entry] of this.#entries) {
      if (this.#isForgettable(entry, now)) this.#entries.delete(address);
    }
    this.#sweepsAtSize = Math.max(MIN_SWEPT, 2 * this.#entries.size);
  }
}
