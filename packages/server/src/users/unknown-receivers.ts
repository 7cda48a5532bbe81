import { Digest, DuplicateWindow, type Instant } from '@imcore/protocol';

const HOUR_MS = 60 * 60 * 1000;

/** Number of receivers of all senders together from which on the oldest senders make room for new ones; at least one's limit. */
const MAX_REMEMBERED = 200_000;

/** Maximum number of senders whose receivers are remembered. */
const MAX_SENDERS = 20_000;

/** Receivers have no content: any digest will do, as long as it is not 0. */
const NO_CONTENT = 1;

/** From this limit on nothing is counted. */
const NO_LIMIT = 1_000_000;

/** The receivers that one sender has written to in the current hour. */
interface Hour {
  readonly receivers: DuplicateWindow;
  readonly endsAt: Instant;
}

/**
 * Counts how many users who are not known here each sender writes to: each of them may be made up, and gets a queue in the
 * store. An hour begins with a sender's first such message. Receivers are remembered as digests of 16 bytes. If there are more
 * than {@link MAX_REMEMBERED} or {@link MAX_SENDERS} when another sender is added, those whose hours began first are forgotten.
 */
export class UnknownReceivers {
  readonly #limit: number;
  readonly #maxRemembered: number;
  readonly #digest = new Digest();
  /** By sender, in the order in which the hours began. */
  readonly #hours = new Map<string, Hour>();
  #remembered = 0;

  constructor(limit: number, maxRemembered = MAX_REMEMBERED) {
    this.#limit = limit;
    this.#maxRemembered = Math.max(limit, maxRemembered);
  }

  /** Whether a sender may write to an unknown receiver now. Counts the receiver, once in an hour. */
  admits(sender: string, receiver: string, now: Instant): boolean {
    if (this.#limit >= NO_LIMIT) return true;
    const { receivers } = this.#hourOf(sender, now);
    if (receivers.peek(receiver, '', NO_CONTENT) === 'done') return true;
    if (receivers.remembered >= this.#limit) return false;
    const key = receivers.begin(receiver, '', NO_CONTENT, 1);
    if (typeof key === 'object') receivers.finish(key, now);
    this.#makeRoom(sender);
    this.#remembered += 1;
    return true;
  }

  #hourOf(sender: string, now: Instant): Hour {
    const known = this.#hours.get(sender);
    if (known !== undefined && now < known.endsAt) return known;
    if (known !== undefined) this.#forget(sender, known);
    for (const [oldest, hour] of this.#hours) {
      const hasRoom = this.#remembered + this.#limit <= this.#maxRemembered && this.#hours.size < MAX_SENDERS;
      if (hasRoom && now < hour.endsAt) break;
      this.#forget(oldest, hour);
    }
    const limits = { rememberMs: HOUR_MS, maxRemembered: Number.POSITIVE_INFINITY };
    const hour = { receivers: new DuplicateWindow(now, limits, this.#digest), endsAt: now + HOUR_MS };
    this.#hours.set(sender, hour);
    return hour;
  }

  /** Forgets the oldest hours of others while too many receivers are remembered. */
  #makeRoom(sender: string): void {
    for (const [oldest, hour] of this.#hours) {
      if (this.#remembered < this.#maxRemembered) return;
      if (oldest !== sender) this.#forget(oldest, hour);
    }
  }

  #forget(sender: string, { receivers }: Hour): void {
    this.#remembered -= receivers.remembered;
    this.#hours.delete(sender);
  }
}
