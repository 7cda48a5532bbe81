import { DeliveryError, type OutboxError } from './errors.js';
import type { AbortSignalLike, Receipt, Sending } from './message.js';

interface Settling {
  resolve(receipt?: Receipt): void;
  reject(error: Error): void;
}

interface PendingSend extends Settling {
  /** Of the promise `accepted`, where that is one of its own and not settled yet. */
  accepted: Settling | undefined;
  /** What to reject with as soon as the outbox has the message. */
  postponement: DeliveryError | undefined;
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
      this.#waiting.set(ticket, {
        resolve: resolve as Settling['resolve'],
        reject,
        accepted,
        release,
        postponement: undefined,
      });
    });
    return Object.assign(receipt, { fingerprint, accepted: acceptance ?? receipt });
  }

  /**
   * The outbox has the message, or could not keep it. Returns why the message is lost with that: the outbox was all
   * that could have saved it.
   */
  accepted(ticket: number, error?: OutboxError): DeliveryError | undefined {
    const pending = this.#waiting.get(ticket);
    if (pending === undefined) return undefined;
    if (error === undefined) pending.accepted?.resolve();
    else pending.accepted?.reject(error);
    pending.accepted = undefined;
    if (pending.postponement === undefined) return undefined;
    const lost = error && new DeliveryError('ERR_CLOSED', `the login ended, and ${error.message}`);
    this.reject(ticket, lost ?? pending.postponement);
    return lost;
  }

  /** The outbox is to keep the message for another login: says so when it does. */
  postpone(ticket: number, error: DeliveryError): void {
    const pending = this.#waiting.get(ticket);
    if (pending?.accepted === undefined) this.reject(ticket, error);
    else pending.postponement = error;
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
