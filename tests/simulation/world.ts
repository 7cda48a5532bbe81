import type { OutboxStorage } from '@imcore/client/outbox';
import type { Scheduled } from '@imcore/protocol';
import { type ImServer, memoryStore } from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import {
  memoryOutbox,
  memoryTransport,
  SeededRandom,
  SimulatedNetwork,
  type StoreCall,
  VirtualClock,
} from '@imcore/testkit';
import { boundedLoss } from './bounded-loss.js';
import { Device, type DeviceParts } from './device.js';
import { OpenConnections, watchTransport } from './instruments.js';
import { Journal, keyOf } from './journal.js';
import type { DevicePlan, Plan } from './plan.js';
import type { Seams } from './seams.js';
import { PORTS, SimulatedServer } from './simulated-server.js';
import { SlowStore, type StoreObserver } from './slow-store.js';

/** Longest time that a device's disk takes for a change, in milliseconds. */
const MAX_DISK_MS = 30;

/** A server, its store and its users' devices on one network, with one clock, all made from one seed. */
export class World {
  readonly plan: Plan;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly journal: Journal;
  /** The server's store without its delays and failures; `undefined` where there is none. */
  readonly store: MessageStore | undefined = undefined;
  readonly devices: readonly Device[];
  readonly openConnections = new OpenConnections();
  readonly #slowStore: SlowStore | undefined = undefined;
  readonly #server: SimulatedServer;
  #restart: Scheduled | undefined = undefined;
  #isHealed = false;

  constructor(plan: Plan, seams: Seams = {}, keepsTrace = false) {
    this.plan = plan;
    this.random = new SeededRandom(plan.seed);
    this.journal = new Journal(this.clock, keepsTrace);
    this.network = new SimulatedNetwork({
      clock: this.clock.ownedBy('network'),
      random: this.random.fork('network'),
      conditions: plan.conditions,
      observe: (address, direction, fate) => this.journal.note('network', `${fate} ${direction} ${address}`),
    });
    if (plan.store !== 'none') {
      const store = memoryStore({ ...plan.retention, wallTime: () => this.clock.wallTime() });
      this.store = seams.store?.(store) ?? store;
    }
    if (plan.trouble !== undefined && this.store !== undefined) {
      const [clock, random] = [this.clock.ownedBy('store'), this.random.fork('store')];
      this.#slowStore = new SlowStore(this.store, clock, random, plan.trouble, this.#watchStore());
    }
    const { clock, random, network, journal, openConnections } = this;
    const store = this.#slowStore ?? this.store;
    this.#server = new SimulatedServer({
      plan,
      clock,
      random,
      network,
      journal,
      openConnections,
      store,
      seams,
    });
    this.devices = plan.devices.map((device) => this.#createDevice(device, seams));
  }

  async listen(): Promise<void> {
    await this.#server.listen();
  }

  /** Ends all faults: from now on links are reliable, the store answers and the server is up. */
  heal(): void {
    this.#isHealed = true;
    this.#startAgain();
    this.#slowStore?.heal();
    for (const { link } of this.devices) {
      link.setConditions({ loss: 0, duplication: 0 });
      link.heal();
    }
  }

  /** The server that runs now. */
  get server(): ImServer {
    return this.#server.current;
  }

  /** Whether the server has crashed and not started again. */
  get isDown(): boolean {
    return this.#server.isDown;
  }

  /** The server's application sends a message to a user. */
  sendFromServer(to: string, content: string): void {
    this.#server.send(to, content);
  }

  /** The operator resends dead letters. */
  resendDeadLetters(): void {
    this.#server.resendDeadLetters();
  }

  /** Crashes the server and its application, and starts them again after `downMs`. */
  crash(downMs: number): boolean {
    if (this.#server.isDown || this.#isHealed) return false;
    this.#server.crash();
    const clock = this.clock.ownedBy('restart');
    this.#restart = clock.schedule(clock.now() + downMs, () => this.#startAgain());
    return true;
  }

  #startAgain(): void {
    this.#restart?.cancel();
    if (this.#server.isDown) this.#server.restart();
  }

  /** Crashes the server at the calls of the store that the plan names. */
  #watchStore(): StoreObserver {
    const counts = new Map<StoreCall, number>();
    const crashAt = (call: StoreCall, when: 'before' | 'after'): boolean => {
      const crash = this.plan.crashes.find(
        (each) => each.call === call && each.when === when && each.number === counts.get(call),
      );
      return crash !== undefined && this.crash(crash.downMs);
    };
    return {
      appendFailed: (messages) => {
        for (const { from, fingerprint } of messages) this.journal.setBack.add(keyOf(from, fingerprint));
      },
      before: (call) => {
        counts.set(call, (counts.get(call) ?? 0) + 1);
        return crashAt(call, 'before');
      },
      after: (call) => {
        crashAt(call, 'after');
      },
    };
  }

  #createDevice(device: DevicePlan, seams: Seams): Device {
    const { plan, journal } = this;
    const random = this.random.fork(device.name);
    const link = this.network.link(device.address);
    const bare = memoryTransport({ link, kind: device.kind, port: PORTS[device.kind] });
    const isLossy = plan.profile === 'bounded-loss' && device.kind === 'udp';
    const transport = watchTransport(
      isLossy ? boundedLoss(bare, random.fork('loss'), () => this.#isHealed) : bare,
      device.name,
      journal,
    );
    const clock = this.clock.ownedBy(device.name);
    return new Device({
      plan: device,
      transport: seams.transport?.(transport, device.name, random.fork('fault')) ?? transport,
      link,
      clock: seams.clientClock?.(clock) ?? clock,
      applicationClock: this.clock.ownedBy('application'),
      random,
      senseMode: plan.streamSenseMode,
      journal,
      handling: {
        maxMs: plan.handlingMs,
        // Without a store there is one retry, for lost copies.
        failure: plan.store === 'none' ? 0 : plan.handlingFails,
      },
      ...this.#diskOf(device, seams),
      originalFingerprint: (fingerprint) => seams.originalFingerprint?.(fingerprint) ?? fingerprint,
    });
  }

  #diskOf({ name }: DevicePlan, seams: Seams): Pick<DeviceParts, 'disk' | 'outbox'> {
    if (this.plan.profile !== 'restarts') return { disk: undefined, outbox: undefined };
    const clock = this.clock.ownedBy('disk');
    const random = this.random.fork(`disk of ${name}`);
    const disk = memoryOutbox({
      delay: () =>
        new Promise<void>((resolve) => clock.schedule(clock.now() + random.between(0, MAX_DISK_MS), resolve)),
    });
    // Without records of devices: these are clients of level v6, which the invariants are about.
    const outbox: OutboxStorage = { open: disk.open };
    return { disk, outbox: seams.outbox?.(outbox) ?? outbox };
  }
}
