import type tls from 'node:tls';
import type { ServerTransport } from '@imcore/server';
import { checkWorkersOptions } from './core/checked-options.js';
import { WorkerGroup, type WorkerStatus } from './core/worker-group.js';
import { type StartWorker, startClusterWorker } from './core/worker-process.js';
import type { WorkersOptions } from './options.js';

/** Worker processes that hold the sockets of a server. */
export interface Workers {
  /** The transports for the option `transports` of `createServer`: all of them, of one server. */
  readonly transports: readonly ServerTransport[];
  /** Returns what each worker does; empty before the server listens. */
  status(): readonly WorkerStatus[];
  /** Replaces key and certificate for new handshakes in all workers; open connections stay. */
  reloadTls(options: tls.SecureContextOptions): void;
}

/**
 * Runs the transports of a server in worker processes. They hold the sockets: they accept, do TLS, framing and WebSocket. This
 * process, the core, has everything else: sessions, delivery and the store.
 *
 * The workers start when the server listens and end with it, also when this process dies. A worker that ends takes its
 * connections along, and is started again after 1 s, 2 s, … 30 s: the event `error` of the server says so
 * (`ERR_WORKER_LOST`), the metric `workersLost` counts it.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/adr/0028-worker-processes.md
 */
export function workers(options: WorkersOptions): Workers {
  return workersOf(options, startClusterWorker);
}

/** The same with another way to start workers. */
export function workersOf(options: WorkersOptions, start: StartWorker): Workers {
  return new WorkerGroup(checkWorkersOptions(options), start);
}
