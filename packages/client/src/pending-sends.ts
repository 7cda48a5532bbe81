import type { DeliveryError } from './errors.js';
import type { AbortSignalLike, Receipt } from './message.js';

interface PendingSend {
  resolve(receipt: Receipt): void;
  reject(error: DeliveryError): void;
  /** Stops listening to the message's signal. */
  release(): void;
}

/** Those who wait for their messages, by ticket. */
export class PendingSends {
  readonly #waiting = new Map<number, PendingSend>();

  /** The promise of one message. `abort` runs when its signal fires before it is settled. */
  add(ticket: number, signal: AbortSignalLike | undefined, abort: () => void): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', abort);
      const release = (): void => signal?.removeEventListener('abort', abort);
      this.#waiting.set(ticket, { resolve, reject, release });
    });
  }

  resolve(ticket: number, receipt: Receipt): void {
    this.#take(ticket)?.resolve(receipt);
  }

  reject(ticket: number, error: DeliveryError): void {
    this.#take(ticket)?.reject(error);
  }

  #take(ticket: number): PendingSend | undefined {
    const pending = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    pending?.release();
    return pending;
  }
}
