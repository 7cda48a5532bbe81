import cluster from 'node:cluster';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { UsageError } from '@imcore/server/ports';

/** A worker, as the core starts and ends it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** The core's end of the link. */
  readonly stream: Duplex;
  /** Ends it at once. */
  kill(): void;
}

/** Starts a worker. `onExit` is called once when it has ended, with the exit code or the signal. */
export type StartWorker = (maxBodyBytes: number, onExit: (reason: string) => void) => WorkerProcess;

/** The index of the link among the file descriptors of a worker. */
const LINK = 4;

const PROGRAM = fileURLToPath(new URL('../worker/program.js', import.meta.url));

/**
 * Starts a process of `node:cluster`, which shares out new connections between workers in turn. Frames do not take that way: they
 * have a Unix socket of their own, which the process inherits.
 *
 * @throws UsageError `ERR_INVALID_OPTION` in a process that is itself a worker of `node:cluster`.
 */
export const startClusterWorker: StartWorker = (maxBodyBytes, onExit) => {
  if (!cluster.isPrimary)
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'workers() must be called in the primary process of node:cluster, this process is a worker',
    );
  const settings = cluster.settings;
  cluster.setupPrimary({
    exec: PROGRAM,
    args: [String(maxBodyBytes)],
    silent: false,
    serialization: 'json',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
  });
  const { process: child } = cluster.fork();
  // The settings of an application that uses the module itself stay as they were.
  Object.assign(cluster, { settings });
  // A process that does not start has no exit. Later errors are those of signals and messages to a process that has ended.
  child.on('error', ({ message }) => {
    if (child.pid === undefined) onExit(message);
  });
  child.once('exit', (code, signal) => onExit(signal === null ? `code ${code}` : `signal ${signal}`));
  return {
    pid: child.pid,
    stream: child.stdio[LINK] as unknown as Duplex,
    kill: () => void child.kill('SIGKILL'),
  };
};
