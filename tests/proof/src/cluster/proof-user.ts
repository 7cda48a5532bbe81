import type { Member } from './population.js';

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
