/** A message that was handed over. */
interface Handed {
  readonly number: number;
  readonly sentAt: number;
  readonly at: number;
}

/** Why a message may be handed over after a later one of its pair. */
export type OrderExcuse =
  /**
   * The store did not answer for two seconds, and the node gave up the order for this receiver, which it has reported
   * (`replayDelayed`): a message that was sent before that may come later. Senders would wait for the store otherwise.
   */
  | 'store silent'
  /**
   * The receiver is on UDP. If a datagram or its acknowledgement is lost, the server sends the message again after later ones;
   * the protocol has no numbers by which a client could put them in order.
   */
  | 'receiver on UDP';

/** A message that came after a later one. */
interface Overtaken extends Handed {
  readonly excuse: OrderExcuse | undefined;
}

/** The messages from one user to another: which of them were acknowledged, and which were handed over. */
export class PairRecord {
  /** Whether each acknowledged message was written only once. */
  readonly #acknowledged = new Map<number, boolean>();
  readonly #handed: Handed[] = [];
  readonly #numbers = new Set<number>();
  /** Numbers of messages that were handed over more than once. */
  readonly duplicated: number[] = [];

  acknowledge(number: number, once: boolean): void {
    this.#acknowledged.set(number, once);
  }

  hand(handed: Handed): void {
    if (this.#numbers.has(handed.number)) this.duplicated.push(handed.number);
    this.#numbers.add(handed.number);
    this.#handed.push(handed);
  }

  isHanded(number: number): boolean {
    return this.#numbers.has(number);
  }

  /** Numbers of messages that were acknowledged and never handed over. */
  missing(): number[] {
    return [...this.#acknowledged.keys()].filter((number) => !this.#numbers.has(number));
  }

  /**
   * Messages that were handed over after a later one. Order is promised among messages that were acknowledged and not
   * retransmitted; a copy that is written later has its place where it was written.
   */
  overtaken(isReceiverOnUdp: boolean, delays: readonly number[]): Overtaken[] {
    const overtaken: Overtaken[] = [];
    const handedOnce = new Set<number>();
    let last = -1;
    for (const handed of this.#handed) {
      const { number, sentAt, at } = handed;
      if (this.#acknowledged.get(number) !== true || handedOnce.has(number)) continue;
      handedOnce.add(number);
      const isDelayed = delays.some((delay) => sentAt <= delay && delay <= at);
      const excuse = isDelayed ? 'store silent' : isReceiverOnUdp ? 'receiver on UDP' : undefined;
      if (number < last) overtaken.push({ ...handed, excuse });
      last = Math.max(last, number);
    }
    return overtaken;
  }
}
