import type { Transport } from '@imcore/client/node';
import { dataPacket, type Packet } from '@imcore/protocol';
import type { LatencyHistogram } from './latency-histogram.js';
import { LoadPeer } from './load-peer.js';
import { fillingOf, type LoadPlan } from './load-plan.js';
import { PairLedger } from './pair-ledger.js';

/** Dependencies that all pairs of a run share. */
export interface PairParts {
  readonly plan: LoadPlan;
  readonly transport: Transport;
  /** Monotonic time in milliseconds, with fractions. */
  readonly now: () => number;
  readonly delivery: LatencyHistogram;
  readonly acknowledgement: LatencyHistogram;
  /** Whether latencies are recorded now. */
  readonly isMeasuring: () => boolean;
  readonly failed: (reason: string) => void;
}

/** One sender and its receiver. */
export class LoadPair {
  readonly ledger: PairLedger;
  readonly #parts: PairParts;
  readonly #filling: string;
  readonly #sender: LoadPeer;
  readonly #receiverId: string;
  readonly #receiver: LoadPeer | undefined;
  #refills = false;

  constructor(index: number, parts: PairParts) {
    this.#parts = parts;
    const { plan, transport } = parts;
    const isOnline = plan.receivers === 'online';
    this.ledger = new PairLedger(isOnline ? 'both' : 'acknowledgement');
    this.#filling = fillingOf(plan);
    const failed = parts.failed;
    this.#sender = new LoadPeer(transport, `${plan.userPrefix}s${index}`, plan.token, {
      received: () => {},
      acknowledged: (fingerprint) => this.#acknowledged(fingerprint),
      failed,
    });
    this.#receiverId = `${plan.userPrefix}r${index}`;
    if (!isOnline) return;
    this.#receiver = new LoadPeer(transport, this.#receiverId, plan.token, {
      received: (packet) => this.#delivered(packet),
      acknowledged: () => {},
      failed,
    });
  }

  async ready(): Promise<void> {
    await Promise.all([this.#sender.ready(), this.#receiver?.ready()]);
  }

  /** Starts to keep the window full. */
  fill(): void {
    this.#refills = true;
    while (this.ledger.inFlight < this.#parts.plan.window) this.send(this.#parts.now());
  }

  /** Stops sending. */
  stop(): void {
    this.#refills = false;
  }

  /** Sends one message that was scheduled for `startedAt`. */
  send(startedAt: number): void {
    const number = this.ledger.begin(startedAt);
    this.#sender.send(
      dataPacket({
        from: this.#sender.userId,
        to: this.#receiverId,
        content: this.#contentOf(number),
        fingerprint: `${this.#sender.userId}-${number}`,
      }),
    );
  }

  keepAlive(): void {
    this.#sender.keepAlive();
    this.#receiver?.keepAlive();
  }

  end(): void {
    this.#sender.end();
    this.#receiver?.end();
  }

  #contentOf(number: number): string {
    const mark = `${number}:`;
    return mark + this.#filling.slice(0, Math.max(0, this.#filling.length - mark.length));
  }

  #delivered(packet: Packet): void {
    const number = numberOf(packet.fp);
    const isIntact = packet.dataContent === this.#contentOf(number) && packet.from === this.#sender.userId;
    this.#note(this.ledger.delivered(number, isIntact), this.#parts.delivery);
  }

  #acknowledged(fingerprint: string): void {
    this.#note(this.ledger.acknowledged(numberOf(fingerprint)), this.#parts.acknowledgement);
  }

  #note(startedAt: number | undefined, histogram: LatencyHistogram): void {
    const { now, isMeasuring, plan } = this.#parts;
    if (startedAt !== undefined && isMeasuring()) histogram.add((now() - startedAt) * 1000);
    if (this.#refills && this.ledger.inFlight < plan.window) this.send(now());
  }
}

function numberOf(fingerprint: string | undefined): number {
  return fingerprint === undefined ? -1 : Number(fingerprint.slice(fingerprint.lastIndexOf('-') + 1));
}
