import type { RequestError } from './errors.js';
import type { RequestResult } from './log-request.js';

interface PendingRequest {
  resolve(result: RequestResult): void;
  reject(error: RequestError): void;
}

/** The pending promises of requests, by ticket. */
export class PendingRequests {
  readonly #waiting = new Map<number, PendingRequest>();

  /** Creates the promise of a request. The caller knows which result its operation has. */
  add<Result extends RequestResult>(ticket: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve: resolve as PendingRequest['resolve'], reject });
    });
  }

  resolve(ticket: number, result: RequestResult): void {
    this.#waiting.get(ticket)?.resolve(result);
    this.#waiting.delete(ticket);
  }

  reject(ticket: number, error: RequestError): void {
    this.#waiting.get(ticket)?.reject(error);
    this.#waiting.delete(ticket);
  }
}
