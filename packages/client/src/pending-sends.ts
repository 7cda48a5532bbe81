import type { DeliveryError, OutboxError } from './errors.js';
import type { AbortSignalLike, Receipt, Sending } from './message.js';

interface Settling {
  resolve(receipt?: Receipt): void;
  reject(error: Error): void;
}

interface PendingSend extends Settling {
  /** Of the promise `accepted`, where that is one of its own and not settled yet. */
  accepted: Settling | undefined;
  /** Stops listening to the message's signal. */
  release(): void;
}

/** Those who wait for their messages, by ticket. */
export class PendingSends {
  readonly #waiting = new Map<number, PendingSend>();

  /** The promises of one message. `abort` runs when its signal fires before it is settled. */
  add(
    ticket: number,
    fingerprint: string | undefined,
    isKept: boolean,
    signal: AbortSignalLike | undefined,
    abort: () => void,
  ): Sending {
    let accepted: Settling | undefined;
    const acceptance = isKept
      ? new Promise<unknown>((resolve, reject) => {
          accepted = { resolve, reject };
        })
      : undefined;
    // Who does not ask for it is told by the receipt.
    acceptance?.catch(() => {});
    const receipt = new Promise<Receipt>((resolve, reject) => {
      signal?.addEventListener('abort', abort);
      const release = (): void => signal?.removeEventListener('abort', abort);
      this.#waiting.set(ticket, { resolve: resolve as Settling['resolve'], reject, accepted, release });
    });
    return Object.assign(receipt, { fingerprint, accepted: acceptance ?? receipt });
  }

  /** The outbox has the message, or could not keep it. */
  accepted(ticket: number, error?: OutboxError): void {
    const pending = this.#waiting.get(ticket);
    if (pending === undefined) return;
    if (error === undefined) pending.accepted?.resolve();
    else pending.accepted?.reject(error);
    pending.accepted = undefined;
  }

  resolve(ticket: number, receipt: Receipt): void {
    const pending = this.#take(ticket);
    pending?.accepted?.resolve();
    pending?.resolve(receipt);
  }

  reject(ticket: number, error: DeliveryError): void {
    const pending = this.#take(ticket);
    pending?.accepted?.reject(error);
    pending?.reject(error);
  }

  /** The promises of a message that cannot even be composed. */
  static failed(error: unknown): Sending {
    const receipt = Promise.reject<Receipt>(error);
    return Object.assign(receipt, { fingerprint: undefined, accepted: receipt });
  }

  #take(ticket: number): PendingSend | undefined {
    const pending = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    pending?.release();
    return pending;
  }
}
