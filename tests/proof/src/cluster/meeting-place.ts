import type { Ports } from '../server-process.js';
import type { Member } from './population.js';

/** A node and where it listens. */
export interface NodeAddress {
  readonly nodeId: string;
  readonly ports: Ports;
}

/** Where clients find the nodes: a load balancer that knows which of them run. A paused node runs. */
export class MeetingPlace {
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

/** A user of the proof with its client, which writes down what happens. */
export interface ProofUser {
  readonly member: Member;
  start(): void;
  /** Gives a message to the client. Resolves when it is acknowledged or given up. */
  send(to: string, number: number): Promise<void>;
  /** Loses its connection, and comes back; to this node first, if it runs. */
  moveTo(nodeId: string): void;
}

/** Text of a message: its number, and when and at which node it was sent, so that its receiver can write that down. */
export function contentOf(number: number, sentAt: number, node: string): string {
  return `${number} ${sentAt} ${node}`;
}

/** Reads what {@link contentOf} wrote. */
export function readContent(content: string): { number: number; sentAt: number; from: string } {
  const [number, sentAt, from = ''] = content.split(' ');
  return { number: Number(number), sentAt: Number(sentAt), from };
}
