import type { Clock } from '@imcore/protocol';
import type { Cluster, ClusterHost } from '@imcore/server/ports';
import type { SeededRandom } from '../seeded-random.js';

/** The quality of a bus. Probabilities are numbers from 0 to 1. */
export interface BusConditions {
  /** Shortest and longest latency of most frames, in milliseconds. Default: 0.2 to 2. */
  readonly latencyMs: readonly [min: number, max: number];
  /** Probability that a frame takes longer, up to {@link slowMs}, so that later ones overtake it. Default: 0.05. */
  readonly slow: number;
  /** Longest latency of a slow frame, in milliseconds. Default: 40. */
  readonly slowMs: number;
  /** Probability that a frame is lost, for each of its receivers. Default: 0. */
  readonly loss: number;
  /** Probability that a frame arrives twice, for each of its receivers. Default: 0. */
  readonly duplication: number;
}

/** The conditions of a new bus: frames are reordered, and none is lost or duplicated. */
export const DEFAULT_BUS: BusConditions = {
  latencyMs: [0.2, 2],
  slow: 0.05,
  slowMs: 40,
  loss: 0,
  duplication: 0,
};

/** Options of a {@link SimulatedBus}. */
export interface SimulatedBusOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Default: {@link DEFAULT_BUS}. */
  readonly conditions?: Partial<BusConditions>;
  /** Default: 4096, the minimum. */
  readonly maxFrameBytes?: number;
}

/** A process on a simulated bus. */
export interface SimulatedMember extends Cluster {
  /** Ends the process: nothing reaches it any more, and nothing that it does has an effect. */
  crash(): void;
  /** Stops reading. Frames wait for {@link resume}. */
  pause(): void;
  resume(): void;
  /** The process loses its connection to the bus, and says so. Frames to it are lost until {@link comeBack}. */
  goAway(): void;
  comeBack(): void;
}

/**
 * A bus with any number of nodes that hands out clusters. The clock drives it, and the random numbers determine which frames it
 * loses, duplicates and delays. Frames under way arrive even if their sender ends.
 */
export class SimulatedBus {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #maxFrameBytes: number;
  #conditions: BusConditions;
  readonly #members = new Set<Member>();
  /** Nodes in the same group reach each other. Undefined: all do. */
  #groups: readonly (readonly string[])[] | undefined;

  constructor({ clock, random, conditions, maxFrameBytes = 4096 }: SimulatedBusOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#conditions = { ...DEFAULT_BUS, ...conditions };
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Creates a process under a name. Several may have the same name: each gets the frames to it. */
  createMember(nodeId: string): SimulatedMember {
    return new Member(nodeId, this.#maxFrameBytes, {
      join: (member) => this.#members.add(member),
      leave: (member) => this.#members.delete(member),
      send: (from, to, frame) => this.#send(from, to, frame),
    });
  }

  /** Changes the conditions from now on. */
  setConditions(conditions: Partial<BusConditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Frames between nodes of different groups are lost; no member notices. Nodes in no group reach no one. */
  split(...groups: readonly (readonly string[])[]): void {
    this.#groups = groups;
  }

  /** Ends a {@link split}. */
  heal(): void {
    this.#groups = undefined;
  }

  /** All processes lose their connections, as if the broker were stopped. */
  stop(): void {
    for (const member of [...this.#members]) member.goAway();
  }

  /** Ends a {@link stop}. */
  restart(): void {
    for (const member of [...this.#members]) member.comeBack();
  }

  #send(from: Member, to: string | undefined, frame: Uint8Array): void {
    if (frame.byteLength > this.#maxFrameBytes)
      throw new RangeError(`a frame has ${frame.byteLength} bytes, the limit is ${this.#maxFrameBytes}`);
    for (const member of this.#members) {
      if (member === from || (to !== undefined && member.nodeId !== to)) continue;
      if (this.#areConnected(from.nodeId, member.nodeId)) this.#pass(member, Uint8Array.from(frame));
    }
  }

  #areConnected(one: string, other: string): boolean {
    if (this.#groups === undefined) return true;
    return this.#groups.some((group) => group.includes(one) && group.includes(other));
  }

  #pass(to: Member, frame: Uint8Array): void {
    const { loss, duplication, slow, slowMs, latencyMs } = this.#conditions;
    const isLost = this.#random.chance(loss);
    const isDuplicated = this.#random.chance(duplication);
    for (let copies = (isLost ? 0 : 1) + (isDuplicated ? 1 : 0); copies > 0; copies--) {
      const max = this.#random.chance(slow) ? slowMs : latencyMs[1];
      const at = this.#clock.now() + this.#random.between(latencyMs[0], max);
      this.#clock.schedule(at, () => to.arrive(Uint8Array.from(frame)));
    }
  }
}

/** What a member needs of its bus. */
interface Wires {
  join(member: Member): void;
  leave(member: Member): void;
  /** `to`: undefined for all other nodes. */
  send(from: Member, to: string | undefined, frame: Uint8Array): void;
}

class Member implements SimulatedMember {
  readonly nodeId: string;
  readonly maxFrameBytes: number;
  readonly #wires: Wires;
  #host: ClusterHost | undefined;
  #isAway = false;
  /** What has happened during a pause; undefined while the process runs. */
  #held: (() => void)[] | undefined;

  constructor(nodeId: string, maxFrameBytes: number, wires: Wires) {
    this.nodeId = nodeId;
    this.maxFrameBytes = maxFrameBytes;
    this.#wires = wires;
  }

  async start(host: ClusterHost): Promise<void> {
    this.#host = host;
    this.#wires.join(this);
    if (!this.#isAway) host.joined();
  }

  send(nodeId: string, frame: Uint8Array): boolean {
    return this.#send(nodeId, frame);
  }

  broadcast(frame: Uint8Array): boolean {
    return this.#send(undefined, frame);
  }

  async close(): Promise<void> {
    this.crash();
  }

  crash(): void {
    this.#host = undefined;
    this.#wires.leave(this);
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const happen of held) happen();
  }

  goAway(): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#happen((host) => host.away(new Error('the simulated bus is away')));
  }

  comeBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#happen((host) => host.joined());
  }

  /** A frame has reached the process. Its bytes are overwritten after the call. */
  arrive(frame: Uint8Array): void {
    if (this.#isAway) return;
    this.#happen((host) => {
      host.receive(frame);
      frame.fill(0xff);
    });
  }

  #happen(tell: (host: ClusterHost) => void): void {
    const happen = () => {
      if (this.#host !== undefined) tell(this.#host);
    };
    if (this.#held === undefined) happen();
    else this.#held.push(happen);
  }

  #send(to: string | undefined, frame: Uint8Array): boolean {
    if (this.#host === undefined || this.#isAway) return false;
    this.#wires.send(this, to, frame);
    return true;
  }
}
