import type { Clock } from '@imcore/protocol';
import { type MemoryStore, memoryStore, type SessionInfo } from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import { SeededRandom, SimulatedBus, SimulatedNetwork, VirtualClock } from '@imcore/testkit';
import { Device } from '../device.js';
import { dataFingerprint, peek } from '../frames.js';
import { OpenConnections, watchTransport } from '../instruments.js';
import { Journal, keyOf } from '../journal.js';
import type { DevicePlan } from '../plan.js';
import { wrapTransport } from '../wrapped-transport.js';
import type { StartedSession } from './node-parts.js';
import type { ClusterPlan } from './plan.js';
import { Roaming } from './roaming.js';
import { PORTS, SimulatedNode } from './simulated-node.js';

/** Hooks to put a fault between the parts of a world. */
export interface ClusterSeams {
  /** Wraps the store for one process of a node. */
  store?(store: MessageStore, clock: Clock): MessageStore;
}

/** A device, and its connections to the nodes. */
export interface Roamer {
  readonly device: Device;
  readonly roaming: Roaming;
}

/** A session that a node has now. */
interface LiveSession {
  readonly node: SimulatedNode;
  readonly session: SessionInfo;
}

/** Longest time that an application needs for a message, in milliseconds. */
const HANDLING_MS = 5;

/** The nodes of a cluster, their bus and their store, and the devices of their users, with one clock, all made from one seed. */
export class ClusterWorld {
  readonly plan: ClusterPlan;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly bus: SimulatedBus;
  readonly journal: Journal;
  readonly store: MemoryStore;
  readonly nodes: readonly SimulatedNode[];
  readonly roamers: readonly Roamer[];
  readonly openConnections = new OpenConnections();
  /** The sessions that have started, in order. */
  readonly started: StartedSession[] = [];
  /** How often devices have written each message, by key. */
  readonly copies = new Map<string, number>();
  #isHealed = false;

  constructor(plan: ClusterPlan, seams: ClusterSeams = {}, keepsTrace = false) {
    this.plan = plan;
    this.random = new SeededRandom(plan.seed);
    this.journal = new Journal(this.clock, keepsTrace);
    const conditions = plan.link;
    const { clock, random } = this;
    this.network = new SimulatedNetwork({
      clock: clock.ownedBy('network'),
      random: random.fork('network'),
      conditions,
    });
    this.bus = new SimulatedBus({
      clock: clock.ownedBy('bus'),
      random: random.fork('bus'),
      conditions: plan.bus,
    });
    this.store = memoryStore({ wallTime: () => clock.wallTime() });
    const { network, bus, journal, openConnections, store, started } = this;
    const parts = {
      ...{ plan, clock, random, network, bus, journal, openConnections, store, started },
      wrapStore: (slow: MessageStore, ownClock: Clock) => seams.store?.(slow, ownClock) ?? slow,
      isHealed: () => this.#isHealed,
    };
    this.nodes = plan.nodes.map((name, index) => new SimulatedNode(name, index, parts));
    this.roamers = plan.devices.map((device) => this.#createRoamer(device));
  }

  /** The first device of each user. */
  get firstDevices(): readonly Roamer[] {
    return this.roamers.filter(({ device }) => device.name.endsWith('/1'));
  }

  devicesOf(userId: string): readonly Roamer[] {
    return this.roamers.filter(({ device }) => device.userId === userId);
  }

  /** The sessions of a user at all nodes that are up. */
  sessionsOf(userId: string): LiveSession[] {
    return this.nodes.flatMap((node) =>
      (node.server?.sessions(userId) ?? []).map((session) => ({ node, session })),
    );
  }

  /** Ends all trouble: nodes and bus run, the store answers. The bus may still lose and duplicate frames. */
  heal(): void {
    this.#isHealed = true;
    this.bus.heal();
    this.bus.restart();
    for (const node of this.nodes) node.heal();
    for (const { roaming } of this.roamers) for (const link of roaming.links) link.heal();
  }

  /** What waits in the store, by user. */
  async waiting(userId: string): Promise<readonly { readonly from: string; readonly fingerprint: string }[]> {
    return (await this.store.take(userId, 0, Number.MAX_SAFE_INTEGER)).entries;
  }

  #createRoamer(plan: DevicePlan): Roamer {
    const { journal, network } = this;
    const random = this.random.fork(plan.name);
    const port = plan.kind === 'websocket' ? PORTS.websocket : PORTS.tcp;
    const ways = this.nodes.map(({ index }) => ({
      link: network.link(`10.${index}.0.${plan.address}`),
      port: port + index,
    }));
    const roaming = new Roaming(plan.kind, ways, random.fork('roaming'));
    const clock = this.clock.ownedBy(plan.name);
    const [way] = ways;
    if (way === undefined) throw new RangeError('there is no node');
    const device = new Device({
      plan,
      transport: this.#countCopies(watchTransport(roaming.transport, plan.name, journal), plan.userId),
      link: way.link,
      clock,
      applicationClock: this.clock.ownedBy('application'),
      random,
      senseMode: 3,
      backoff: this.plan.backoff,
      journal,
      handling: { maxMs: HANDLING_MS, failure: 0 },
      originalFingerprint: (fingerprint) => fingerprint,
      disk: undefined,
      outbox: undefined,
    });
    return { device, roaming };
  }

  #countCopies(transport: ReturnType<typeof watchTransport>, userId: string): typeof transport {
    return wrapTransport(transport, () => ({
      send: (frame, pass) => {
        const fingerprint = dataFingerprint(peek(frame));
        if (fingerprint !== undefined) {
          const key = keyOf(userId, fingerprint);
          this.copies.set(key, (this.copies.get(key) ?? 0) + 1);
        }
        pass(frame);
      },
      receive: (frame, pass) => pass(frame),
    }));
  }
}
