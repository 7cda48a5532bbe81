/** A message that was delivered. */
interface Delivered {
  readonly number: number;
  readonly sentAt: number;
  readonly at: number;
}

/** Why a message may be delivered after a later one of its pair. */
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
interface Overtaken extends Delivered {
  readonly excuse: OrderExcuse | undefined;
}

/** The messages from one user to another: which of them were acknowledged, and which were delivered. */
export class PairRecord {
  /** Whether each acknowledged message was written only once. */
  readonly #acknowledged = new Map<number, boolean>();
  readonly #delivered: Delivered[] = [];
  readonly #numbers = new Set<number>();
  /** Numbers of messages that were delivered more than once. */
  readonly duplicated: number[] = [];

  acknowledge(number: number, once: boolean): void {
    this.#acknowledged.set(number, once);
  }

  deliver(delivered: Delivered): void {
    if (this.#numbers.has(delivered.number)) this.duplicated.push(delivered.number);
    this.#numbers.add(delivered.number);
    this.#delivered.push(delivered);
  }

  isDelivered(number: number): boolean {
    return this.#numbers.has(number);
  }

  /** Numbers of messages that were acknowledged and never delivered. */
  missing(): number[] {
    return [...this.#acknowledged.keys()].filter((number) => !this.#numbers.has(number));
  }

  /**
   * Messages that were delivered after a later one. Order is promised among messages that were acknowledged and not
   * retransmitted; a copy that is written later has its place where it was written.
   */
  overtaken(isReceiverOnUdp: boolean, delays: readonly number[]): Overtaken[] {
    const overtaken: Overtaken[] = [];
    const deliveredOnce = new Set<number>();
    let last = -1;
    for (const delivered of this.#delivered) {
      const { number, sentAt, at } = delivered;
      if (this.#acknowledged.get(number) !== true || deliveredOnce.has(number)) continue;
      deliveredOnce.add(number);
      const isDelayed = delays.some((delay) => sentAt <= delay && delay <= at);
      const excuse = isDelayed ? 'store silent' : isReceiverOnUdp ? 'receiver on UDP' : undefined;
      if (number < last) overtaken.push({ ...delivered, excuse });
      last = Math.max(last, number);
    }
    return overtaken;
  }
}
