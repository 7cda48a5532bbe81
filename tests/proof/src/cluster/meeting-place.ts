import type { Kind } from '../proof-client.js';
import type { NodeProcess } from './node-process.js';

/** Where users find the nodes: a load balancer that knows which of them run. */
export class MeetingPlace {
  readonly nodes: readonly NodeProcess[];

  constructor(nodes: readonly NodeProcess[]) {
    this.nodes = nodes;
  }

  /** A random node that runs, as far as is known; `preferred` if that does. */
  choose(preferred: string | undefined): NodeProcess {
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    const choices = running.length > 0 ? running : this.nodes;
    const wanted = choices.find(({ nodeId }) => nodeId === preferred);
    const chosen = wanted ?? choices[Math.floor(Math.random() * choices.length)];
    if (chosen === undefined) throw new Error('there are no nodes');
    return chosen;
  }
}

/** A user of the proof, with a client of either kind. */
export interface ProofUser {
  readonly userId: string;
  readonly kind: Kind | 'v6';
  readonly isOnline: boolean;
  /** The node of its session, or of the last try. */
  readonly node: string;
  start(): void;
  /** Gives a message to the client. Resolves when it is acknowledged or given up. */
  send(to: string, number: number): Promise<void>;
  /** Loses its connection, and comes back; to this node first, if given. */
  moveTo(nodeId: string | undefined): void;
  close(): Promise<void>;
}
