import type { Transport } from '@imcore/client';
import type { OutboxStorage } from '@imcore/client/outbox';
import {
  InvalidMember,
  type LogStart,
  PacketType,
  readLoginAnswer,
  type Scheduled,
  type TransportKind,
} from '@imcore/protocol';
import type { ImServer } from '@imcore/server';
import {
  type MemoryOutbox,
  memoryOutbox,
  memoryTransport,
  SeededRandom,
  SimulatedNetwork,
  type StoreCall,
  VirtualClock,
} from '@imcore/testkit';
import { Device } from '../device.js';
import { peek } from '../frames.js';
import { OpenConnections, watchTransport } from '../instruments.js';
import { Journal, keyOf } from '../journal.js';
import type { DevicePlan } from '../plan.js';
import type { Seams } from '../seams.js';
import { PORTS, SimulatedServer } from '../simulated-server.js';
import { SlowStore, type StoreObserver } from '../slow-store.js';
import { wrapTransport } from '../wrapped-transport.js';
import { LogDevice, MAX_BACKOFF_MS } from './log-device.js';
import { type LogLoss, losingLog } from './log-loss.js';
import type { DevicesPlan, LogDevicePlan } from './plan.js';
import { RestorableStore } from './restorable-store.js';
import { SessionWatch } from './session-watch.js';
import { watchWire } from './wire-watch.js';

/** Longest time that a device's disk takes for a change, in milliseconds. */
const MAX_DISK_MS = 30;

/** Seams of a world of devices. */
export interface DevicesSeams extends Seams {
  /** Whether a store keeps its epoch when it is set back. */
  readonly keepsEpoch?: boolean;
  /** How much of what it was given a store loses at a crash of its server, in milliseconds. Default: nothing. */
  readonly volatileMs?: number;
  /** How much of the log is lost on all transports until everything heals, as if the server had lost it. Default: nothing. */
  readonly logLoss?: LogLoss;
}

/** A device at level 1, and whether it takes part: it has joined, and has not left for good. */
export interface Member {
  readonly plan: LogDevicePlan;
  readonly device: LogDevice;
  isHere: boolean;
}

/** A server, its store, and users with devices and v6 clients on one network, with one clock, all made from one seed. */
export class DevicesWorld {
  readonly plan: DevicesPlan;
  readonly seams: DevicesSeams;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly journal: Journal;
  readonly openConnections = new OpenConnections();
  readonly restorable: RestorableStore;
  readonly devices: readonly Member[];
  readonly v6Devices: readonly Device[];
  /** How often the store was set back. */
  restores = 0;
  readonly #sessions: SessionWatch;
  readonly #slowStore: SlowStore;
  readonly #server: SimulatedServer;
  #restart: Scheduled | undefined = undefined;
  #isHealed = false;

  constructor(plan: DevicesPlan, seams: DevicesSeams = {}, keepsTrace = false) {
    this.plan = plan;
    this.seams = seams;
    this.random = new SeededRandom(plan.seed);
    this.journal = new Journal(this.clock, keepsTrace);
    const { clock, random, journal, openConnections } = this;
    this.network = new SimulatedNetwork({
      clock: clock.ownedBy('network'),
      random: random.fork('network'),
      conditions: plan.conditions,
      observe: (address, direction, fate) => journal.note('network', `${fate} ${direction} ${address}`),
    });
    this.restorable = new RestorableStore(plan.users, plan.retention, () => clock.wallTime());
    const store = seams.store?.(this.restorable.store) ?? this.restorable.store;
    const storeClock = clock.ownedBy('store');
    this.#slowStore = new SlowStore(
      store,
      storeClock,
      random.fork('store'),
      plan.trouble,
      this.#watchStore(),
    );
    this.#sessions = new SessionWatch((text) => journal.breach(text));
    this.#server = new SimulatedServer({
      ...{ plan, clock, random, network: this.network, journal, openConnections },
      store: this.#slowStore,
      seams: this.#serverSeams(),
    });
    this.devices = plan.logDevices.map((device) => ({
      plan: device,
      device: this.#createLogDevice(device),
      isHere: false,
    }));
    this.v6Devices = plan.v6Devices.map((device) => this.#createV6Device(device));
  }

  /** Those who take part and stay. */
  get everybody(): readonly (LogDevice | Device)[] {
    return [...this.devices.filter(({ isHere }) => isHere).map(({ device }) => device), ...this.v6Devices];
  }

  /** The server that runs now. */
  get server(): ImServer {
    return this.#server.current;
  }

  get isDown(): boolean {
    return this.#server.isDown;
  }

  async listen(): Promise<void> {
    await this.#server.listen();
  }

  /** Lets time pass, and looks at sessions after each turn, until `isOver`. */
  async advance(ms: number, isOver: () => boolean = () => false): Promise<void> {
    const { clock } = this;
    const end = clock.now() + ms;
    while (clock.nextAt <= end && !isOver()) {
      await clock.runNextAsync();
      this.#sessions.check();
    }
    if (clock.nextAt > end) await clock.advanceToAsync(end);
  }

  sendFromServer(to: string, content: string): void {
    this.#server.send(to, content);
  }

  /** Crashes the server and its application, and starts them again after `downMs`. */
  crash(downMs: number): boolean {
    if (this.#server.isDown || this.#isHealed) return false;
    this.#crash();
    this.#startLater(downMs);
    return true;
  }

  /** Ends the server, sets the store back to what it was `lostMs` ago, and starts a new server. */
  restoreBackup(lostMs: number): void {
    this.#restart?.cancel();
    if (!this.#server.isDown) this.#crash();
    this.#slowStore.abandonCalls();
    const { restorable, clock, journal, seams } = this;
    restorable.setBack(restorable.changesUntil(clock.wallTime() - lostMs), seams.keepsEpoch);
    this.restores += 1;
    journal.note('happens', `a backup is restored that is ${lostMs.toFixed(0)} ms old`);
    this.#startLater(0);
  }

  /** Ends all trouble: from now on links are reliable, the store answers and the server is up. */
  heal(): void {
    this.journal.note('happens', 'everything heals');
    this.#isHealed = true;
    this.#startAgain();
    this.#slowStore.heal();
    for (const { link } of [...this.devices.map(({ device }) => device), ...this.v6Devices]) {
      link.setConditions({ loss: 0, duplication: 0 });
      link.heal();
    }
  }

  #crash(): void {
    this.#server.crash();
    this.#sessions.stop();
    const { volatileMs } = this.seams;
    const { restorable, clock } = this;
    if (volatileMs !== undefined)
      restorable.setBack(restorable.changesUntil(clock.wallTime() - volatileMs), true);
  }

  #startLater(downMs: number): void {
    const clock = this.clock.ownedBy('restart');
    this.#restart = clock.schedule(clock.now() + downMs, () => this.#startAgain());
  }

  #startAgain(): void {
    this.#restart?.cancel();
    if (this.#server.isDown) this.#server.restart();
  }

  /** The instruments are at the wire, behind what a fault does. */
  #serverSeams(): Seams {
    const { seams, clock, journal } = this;
    return {
      ...seams,
      serverTransport: (transport) => {
        const watched = watchWire(
          transport,
          () => clock.now(),
          isPrompt(this.plan),
          (text) => journal.breach(text),
        );
        return seams.serverTransport?.(watched) ?? watched;
      },
      presence: (server) => {
        const events = seams.presence?.(server) ?? server;
        this.#sessions.follow(server, events);
        return events;
      },
    };
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

  #createLogDevice(device: LogDevicePlan): LogDevice {
    const { plan, seams, journal, clock, random: seeded } = this;
    const { name, userId } = device;
    const random = seeded.fork(name);
    const link = this.network.link(device.address);
    const ownClock = clock.ownedBy(name);
    const disk = this.#disk(name);
    const outbox = namedDevice(disk, name);
    const created: LogDevice = new LogDevice(
      {
        ...{ name, userId, link, random, journal, disk },
        streamSenseMode: plan.streamSenseMode,
        transport: (kind) =>
          this.#transport(link, kind, name, random, (log) => created.answered(log, log.hole !== undefined)),
        clock: seams.clientClock?.(ownClock) ?? ownClock,
        applicationClock: clock.ownedBy('application'),
        handling: { maxMs: plan.handlingMs, failure: plan.handlingFails },
        outbox: seams.outbox?.(outbox) ?? outbox,
        onGap: (told, from, to, reason) => this.#checkGap(told, from, to, reason),
      },
      device.kind,
    );
    return created;
  }

  #createV6Device(device: DevicePlan): Device {
    const { plan, seams, journal, clock } = this;
    const random = this.random.fork(device.name);
    const link = this.network.link(device.address);
    const ownClock = clock.ownedBy(device.name);
    return new Device({
      ...{ plan: device, link, random, journal, senseMode: plan.streamSenseMode },
      transport: this.#transport(link, device.kind, device.name, random),
      clock: seams.clientClock?.(ownClock) ?? ownClock,
      applicationClock: clock.ownedBy('application'),
      backoff: { maxMs: MAX_BACKOFF_MS },
      handling: { maxMs: plan.handlingMs, failure: plan.handlingFails },
      originalFingerprint: (fingerprint) => fingerprint,
      ...{ disk: undefined, outbox: undefined },
    });
  }

  #transport(
    link: ReturnType<SimulatedNetwork['link']>,
    kind: TransportKind,
    name: string,
    random: SeededRandom,
    onAnswer: (log: LogStart) => void = () => {},
  ): Transport {
    const plain = memoryTransport({ link, kind, port: PORTS[kind] });
    const { logLoss } = this.seams;
    const bare =
      logLoss === undefined ? plain : losingLog(plain, logLoss, random.fork('log'), () => this.#isHealed);
    const watched = watchTransport(watchAnswers(bare, onAnswer), name, this.journal);
    return this.seams.transport?.(watched, name, random.fork('fault')) ?? watched;
  }

  #disk(name: string): MemoryOutbox {
    const clock = this.clock.ownedBy('disk');
    const random = this.random.fork(`disk of ${name}`);
    return memoryOutbox({
      delay: () =>
        new Promise<void>((resolve) => clock.schedule(clock.now() + random.between(0, MAX_DISK_MS), resolve)),
    });
  }

  /** What a device was told to be absent must have been removed. */
  #checkGap({ name, userId, diary }: LogDevice, from: number, to: number, reason: string): void {
    const { ledger } = this.restorable;
    if (reason === 'too-large' || diary.epoch !== ledger.epoch) return;
    for (let position = from; position <= to; position += 1) {
      if (ledger.isLost(userId, position) || ledger.wasBefore(userId, name, position)) continue;
      this.journal.breach(`${name} was told that ${position} is absent (${reason}), and it was not removed`);
    }
  }
}

/** Whether the store answers everything, at once: then no feed finds in the log what its server does not know yet. */
function isPrompt({ trouble, crashes, restore }: DevicesPlan): boolean {
  const { maxLatencyMs, failure, outage, silence } = trouble;
  const isCalm = maxLatencyMs === 0 && failure === 0 && outage === undefined && silence === undefined;
  return isCalm && crashes.length === 0 && restore === undefined;
}

/** The same name in each run, instead of a random one. */
function namedDevice(disk: MemoryOutbox, id: string): OutboxStorage {
  return {
    open: disk.open,
    openRecord: async (name) => {
      const record = await disk.openRecord?.(name);
      return record && { ...record, id };
    },
  };
}

/** Tells where the log continues, as the first answer to a login on each link says. */
function watchAnswers(transport: Transport, onAnswer: (log: LogStart) => void): Transport {
  return wrapTransport(transport, () => {
    let isAnswered = false;
    return {
      send: (frame, pass) => pass(frame),
      receive: (frame, pass) => {
        const log = isAnswered ? undefined : logOf(frame);
        if (log !== undefined) {
          isAnswered = true;
          onAnswer(log);
        }
        pass(frame);
      },
    };
  });
}

function logOf(frame: string): LogStart | undefined {
  if (!frame.includes(`"type":${PacketType.LoginResponse},`)) return undefined;
  const { x } = JSON.parse(peek(frame)?.dataContent ?? '{}') as { x?: unknown };
  const answer = readLoginAnswer(x);
  return answer instanceof InvalidMember ? undefined : answer?.log;
}
