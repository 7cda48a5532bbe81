import type { LiveSession } from '../sessions/live-session.js';
import type { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';
import type { Replay } from './replay.js';

/**
 * What waits for one user, in order: first what the store holds (`replay`), then what is in flight to the session.
 *
 * While a replay runs, new messages queue behind it in the store; without one they are written at once.
 */
export class Mailbox {
  session: LiveSession | undefined = undefined;
  replay: Replay | undefined = undefined;
  #inFlight: InFlight | undefined = undefined;

  /** Deliveries that were written and not acknowledged. */
  get unacknowledged(): number {
    return this.#inFlight?.size ?? 0;
  }

  /** Whether new messages must queue behind older ones. */
  get isReplaying(): boolean {
    return this.replay !== undefined && !this.replay.isCaughtUp;
  }

  get isEmpty(): boolean {
    return this.session === undefined && this.unacknowledged === 0;
  }

  add(fingerprint: string, delivery: Delivery): boolean {
    this.#inFlight ??= new InFlight();
    if (!this.#inFlight.add(fingerprint, delivery)) return false;
    delivery.mailbox = this;
    return true;
  }

  take(fingerprint: string, from: string | undefined): Delivery | undefined {
    const delivery = this.#inFlight?.take(fingerprint, from);
    if (delivery !== undefined) delivery.mailbox = undefined;
    return delivery;
  }

  remove(fingerprint: string, delivery: Delivery): void {
    this.#inFlight?.remove(fingerprint, delivery);
    delivery.mailbox = undefined;
  }

  /** Takes out everything in flight, oldest first. */
  drain(): Delivery[] {
    const all = this.#inFlight?.drain() ?? [];
    for (const delivery of all) delivery.mailbox = undefined;
    return all;
  }

  /** What is in flight, oldest first. */
  values(): Iterable<Delivery> {
    return this.#inFlight?.values() ?? [];
  }
}
