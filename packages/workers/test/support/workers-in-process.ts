import { duplexPair } from 'node:stream';
import type { StartWorker } from '../../src/core/worker-process.js';
import { Worker } from '../../src/worker/worker.js';

/** A worker that runs in this process. */
interface WorkerInProcess {
  /** Ends it as if its process had been killed. */
  die(): void;
}

/** Starts workers in this process, which write to the other side's memory, and keeps them in `started`. */
export function workersInProcess(): { readonly start: StartWorker; readonly started: WorkerInProcess[] } {
  const started: WorkerInProcess[] = [];
  const start: StartWorker = (maxBodyBytes, onExit) => {
    const [stream, theirs] = duplexPair();
    let reason = 'code 0';
    const die = (): void => {
      reason = 'signal SIGKILL';
      theirs.destroy();
      stream.destroy();
    };
    new Worker(theirs, maxBodyBytes, () => onExit(reason));
    started.push({ die });
    return { pid: started.length, stream, kill: die };
  };
  return { start, started };
}
