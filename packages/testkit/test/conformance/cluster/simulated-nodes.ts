import type { Clock, TransportKind } from '@imcore/protocol';
import { memoryStore } from '@imcore/server';
import { SimulatedBus } from '../../../src/cluster/simulated-bus.js';
import { recordedRules } from '../../../src/conformance/server-rules.js';
import type { Peer, PeerEvents, Stage } from '../../../src/conformance/stage.js';
import { VirtualStage } from '../../../src/conformance/virtual-stage.js';
import { SeededRandom } from '../../../src/seeded-random.js';
import type { VirtualClock } from '../../../src/virtual-clock.js';

/** How long nodes need to know each other, in milliseconds. */
const JOINING_MS = 2000;

/** The nodes of a cluster in virtual time, with one store and a bus that loses nothing; one node has no cluster. */
export class SimulatedNodes implements Stage {
  readonly #stages: readonly VirtualStage[];
  readonly #nodeOf: (connection: string) => number;
  readonly #clock: VirtualClock;

  /** `nodeOf`: the number of the node to which a connection leads, from 0. */
  constructor(clock: VirtualClock, count: 1 | 2, nodeOf: (connection: string) => number) {
    this.#clock = clock;
    this.#nodeOf = nodeOf;
    const store = memoryStore({ wallTime: () => clock.wallTime() });
    const bus = busOf(clock.ownedBy('bus'));
    this.#stages = Array.from({ length: count }, (_, index) => {
      const hooks = recordedRules({ emit: () => {} });
      const server = {
        get store() {
          return store.share();
        },
        get cluster() {
          return count === 1 ? undefined : bus.createMember(`node-${index + 1}`);
        },
      };
      return new VirtualStage({ clock, hooks, server });
    });
  }

  /** The node at which the application acts. */
  get last(): VirtualStage {
    const stage = this.#stages.at(-1);
    if (stage === undefined) throw new Error('there is no node');
    return stage;
  }

  async start(): Promise<void> {
    for (const stage of this.#stages) await stage.start();
    await this.#clock.advanceAsync(JOINING_MS);
  }

  /** Starts the nodes after {@link kill}, without the time that they need to know each other. */
  async restart(): Promise<void> {
    for (const stage of this.#stages) await stage.start();
  }

  async kill(): Promise<void> {
    for (const stage of this.#stages) await stage.kill();
  }

  connect(transport: TransportKind, events: PeerEvents, connection: string): Promise<Peer> {
    const stage = this.#stages[this.#nodeOf(connection) % this.#stages.length] ?? this.last;
    return stage.connect(transport, events);
  }
}

function busOf(clock: Clock): SimulatedBus {
  const conditions = { latencyMs: [1, 1] as const, slow: 0 };
  return new SimulatedBus({ clock, random: new SeededRandom(1), conditions, maxFrameBytes: 65_536 });
}
