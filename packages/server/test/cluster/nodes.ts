import { SeededRandom, SimulatedBus, type SimulatedMember } from '@imcore/testkit';
import type { Retention } from '../../src/ports/retention.js';
import { type MemoryStore, memoryStore } from '../../src/store-memory/memory-store.js';
import { Bench, type BenchOptions, newClock } from '../support/bench.js';
import type { Peer } from '../support/peer-transport.js';

/** Longer than a frame takes on the bus, in milliseconds. */
export const FRAME_MS = 50;

/** Servers of one cluster, in virtual time. */
export class Nodes {
  readonly clock = newClock();
  readonly bus = new SimulatedBus({ clock: this.clock, random: new SeededRandom(7) });
  readonly store: MemoryStore;
  readonly #members = new Map<string, SimulatedMember>();

  constructor(retention: Partial<Retention> = {}) {
    this.store = memoryStore({ ...retention, wallTime: () => this.clock.wallTime() });
  }

  async start(nodeId: string, options: BenchOptions = {}): Promise<Bench> {
    const member = this.bus.createMember(nodeId);
    this.#members.set(nodeId, member);
    const bench = new Bench({ store: this.store.share(), cluster: member, ...options }, this.clock);
    await bench.server.listen();
    return bench;
  }

  member(nodeId: string): SimulatedMember {
    const member = this.#members.get(nodeId);
    if (member === undefined) throw new Error(`there is no node ${nodeId}`);
    return member;
  }

  advance(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms, 50);
  }
}

export async function startTwo(options: BenchOptions = {}): Promise<{ nodes: Nodes; a: Bench; b: Bench }> {
  const nodes = new Nodes();
  const a = await nodes.start('a', options);
  const b = await nodes.start('b', options);
  await nodes.advance(2000);
  return { nodes, a, b };
}

/** The contents of the messages that a peer has received, copies included. */
export const contentsOf = (peer: Peer): (string | undefined)[] =>
  peer.received.filter(({ type }) => type === 2).map(({ dataContent }) => dataContent);
