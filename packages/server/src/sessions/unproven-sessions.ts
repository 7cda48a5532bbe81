/** A reached limit: the session that must make room, and which limit it is. */
interface Displaced<Session> {
  readonly session: Session;
  readonly value: number;
}

/** The share of all unproven sessions that one address may have: a tenth. */
const SHARE = 10;

/**
 * The sessions whose addresses may be forged, oldest first. If there are too many, in all or from one address, the oldest makes
 * room: a real client proves its address within one round trip, so what is old is forged or gone.
 */
export class UnprovenSessions<Session> {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #isExempt: (address: string) => boolean;
  readonly #sessions = new Map<Session, string>();
  readonly #byAddress = new Map<string, Set<Session>>();

  /** Addresses that are exempt have no share. */
  constructor(max: number, isExempt: (address: string) => boolean) {
    this.#max = max;
    this.#maxPerAddress = Math.ceil(max / SHARE);
    this.#isExempt = isExempt;
  }

  get size(): number {
    return this.#sessions.size;
  }

  has(session: Session): boolean {
    return this.#sessions.has(session);
  }

  /** Adds a session. Returns the one that must be ended for it, if there are too many. */
  add(session: Session, address: string): Displaced<Session> | undefined {
    const ofAddress = this.#byAddress.get(address) ?? new Set();
    const isFull = this.#sessions.size >= this.#max;
    const hasShare = ofAddress.size >= this.#maxPerAddress && !this.#isExempt(address);
    const oldest = hasShare ? first(ofAddress) : isFull ? first(this.#sessions.keys()) : undefined;
    this.#sessions.set(session, address);
    ofAddress.add(session);
    this.#byAddress.set(address, ofAddress);
    return oldest && { session: oldest, value: hasShare ? this.#maxPerAddress : this.#max };
  }

  /** Returns false if the session is not here. */
  delete(session: Session): boolean {
    const address = this.#sessions.get(session);
    if (address === undefined) return false;
    this.#sessions.delete(session);
    const ofAddress = this.#byAddress.get(address);
    ofAddress?.delete(session);
    if (ofAddress?.size === 0) this.#byAddress.delete(address);
    return true;
  }
}

function first<Value>(values: Iterable<Value>): Value | undefined {
  for (const value of values) return value;
  return undefined;
}
