import { DeliveryError, type OutboxError } from './errors.js';
import type { AbortSignalLike, Receipt, Sending } from './message.js';

interface Settling {
  resolve(receipt?: Receipt): void;
  reject(error: Error): void;
}

interface PendingSend extends Settling {
  /** Settles the promise `accepted`; undefined if it is the receipt itself or already settled. */
  accepted: Settling | undefined;
  /** The error to reject with when the durable outbox has stored the message. */
  postponement: DeliveryError | undefined;
  /** Removes the listener of the message's signal. */
  release(): void;
}

/** The pending promises of `send`, by ticket. */
export class PendingSends {
  readonly #waiting = new Map<number, PendingSend>();

  /** Creates the promises of a message. `abort` is called if its signal is aborted before they are settled. */
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
    // The receipt reports the error too: no unhandled rejection for callers that ignore `accepted`.
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
   * The durable outbox has stored a message, or failed to. Returns an error if the message is lost: it was postponed and
   * could not be stored.
   */
  accepted(ticket: number, error?: OutboxError): DeliveryError | undefined {
    const pending = this.#waiting.get(ticket);
    if (pending === undefined) return undefined;
    if (error === undefined) pending.accepted?.resolve();
    else pending.accepted?.reject(error);
    pending.accepted = undefined;
    if (pending.postponement === undefined) return undefined;
    const lost = error && new DeliveryError('ERR_CLOSED', `the login ended and ${error.message}`);
    this.reject(ticket, lost ?? pending.postponement);
    return lost;
  }

  /** The message is postponed to the next login: rejects as soon as the durable outbox has stored it. */
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

  /** Creates the rejected promises of an invalid message. */
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
