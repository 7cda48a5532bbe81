import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeAddress } from './load-balancer.js';

const MAIN = fileURLToPath(new URL('./clients-main.js', import.meta.url));

/** What the proof tells a process of clients. */
export type Order =
  /** These nodes run. The first list starts the clients. */
  | { readonly order: 'nodes'; readonly nodes: readonly NodeAddress[] }
  /** These users lose their connections and come back, to this node first. Users of other processes are ignored. */
  | { readonly order: 'move'; readonly users: readonly string[]; readonly nodeId: string }
  /** Send nothing more. It is answered with `stopped` when every message is acknowledged or given up. */
  | { readonly order: 'stop' };

/** A process with many clients, which writes their journal: see `clients-main.ts`. */
export class ClientProcess {
  /** Rejects if the process ends by itself, which it must not. */
  readonly ended: Promise<never>;
  readonly #child: ChildProcess;

  constructor(processIndex: number, journal: string) {
    const child = fork(MAIN, [String(processIndex), journal], { stdio: 'inherit' });
    this.#child = child;
    this.ended = once(child, 'exit').then(([code]) => {
      throw new Error(`a process of clients has ended, exit code ${String(code)}`);
    });
    this.ended.catch(() => undefined);
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  /** Stops the load. Resolves when every message is acknowledged or given up. */
  async stopLoad(): Promise<void> {
    const stopped = once(this.#child, 'message');
    this.tell({ order: 'stop' });
    await stopped;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
