/** A worker process failed. The server continues; the worker is started again. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  /**
   * `ERR_WORKER_LOST`: it has ended. `ERR_WORKER_LINK`: the link to it is broken, or holds too many bytes. `ERR_WORKER_FAILED`:
   * something failed in it.
   */
  readonly code: 'ERR_WORKER_LOST' | 'ERR_WORKER_LINK' | 'ERR_WORKER_FAILED';

  constructor(code: WorkerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
