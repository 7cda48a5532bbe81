import type { Ports } from '../server-process.js';

/** A node and where it listens. */
export interface NodeAddress {
  readonly nodeId: string;
  readonly ports: Ports;
}

/** Sends clients to nodes that run. A paused node runs. */
export class LoadBalancer {
  /** The nodes that run, as far as is known. */
  nodes: readonly NodeAddress[] = [];

  /** A random node that runs; `preferred` if that does. @throws Error if none runs. */
  choose(preferred: string | undefined): NodeAddress {
    const wanted = this.nodes.find(({ nodeId }) => nodeId === preferred);
    const chosen = wanted ?? this.nodes[Math.floor(Math.random() * this.nodes.length)];
    if (chosen === undefined) throw new Error('no node runs');
    return chosen;
  }
}
