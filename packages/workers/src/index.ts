export type { WorkerStatus } from './core/worker-group.js';
export { WorkerError } from './errors.js';
export type { WorkerEvent, WorkersOptions } from './options.js';
export { type Workers, workers } from './workers.js';
