import { createFingerprint, SERVER_ID, senseTimes, type TransportKind } from '@imcore/protocol';
import {
  createServer,
  HookError,
  type Hooks,
  type ImServer,
  memoryStore,
  StoreError,
  silentLogger,
} from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import {
  memoryGateway,
  memoryTransport,
  SeededRandom,
  SimulatedNetwork,
  VirtualClock,
} from '@imcore/testkit';
import { boundedLoss } from './bounded-loss.js';
import { Device } from './device.js';
import { OpenConnections, watchTransport } from './instruments.js';
import { Journal, keyOf, SERVER } from './journal.js';
import type { DevicePlan, Plan } from './plan.js';
import type { Seams } from './seams.js';
import { SlowStore } from './slow-store.js';

/** Content that the server's application lets nobody send. */
export const FORBIDDEN = 'forbidden';

const PORTS: Readonly<Record<TransportKind, number>> = { tcp: 8901, udp: 7901, websocket: 3000 };

/** One server, its store and its users' devices on one network, all under one clock and made from one seed. */
export class World {
  readonly plan: Plan;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly journal: Journal;
  readonly server: ImServer;
  /** What the server's messages end up in; undefined without a store. Answers at once. */
  readonly store: MessageStore | undefined = undefined;
  readonly devices: readonly Device[];
  readonly openConnections = new OpenConnections();
  readonly #slowStore: SlowStore | undefined = undefined;
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
      const store = memoryStore({ wallTime: () => this.clock.wallTime() });
      this.store = seams.store?.(store) ?? store;
    }
    if (plan.store === 'slow' && this.store !== undefined) {
      this.#slowStore = new SlowStore(
        this.store,
        this.clock.ownedBy('store'),
        this.random.fork('store'),
        (messages) => {
          for (const { from, fingerprint } of messages) this.journal.setBack.add(keyOf(from, fingerprint));
        },
      );
    }
    this.server = this.#createServer(seams);
    this.devices = plan.devices.map((device) => this.#createDevice(device, seams));
  }

  async listen(): Promise<void> {
    await this.server.listen();
  }

  /** Ends what goes wrong by itself: from now on links are good and the store answers. */
  heal(): void {
    this.#isHealed = true;
    this.#slowStore?.behave();
    for (const { link } of this.devices) {
      link.setConditions({ loss: 0, duplication: 0 });
      link.heal();
    }
  }

  /** The server's application sends a message to a user. */
  sendFromServer(to: string, content: string): void {
    const fingerprint = createFingerprint(this.random.next);
    const sent = this.journal.sending({ from: SERVER_ID, by: SERVER, to, fingerprint, content, qos: true });
    this.journal.note(SERVER, `sends ${fingerprint} to ${to}`);
    this.server.send(to, content, { fingerprint }).then(
      (outcome) => {
        sent.pending -= 1;
        sent.acknowledgements += 1;
        this.journal.note(SERVER, `${outcome} ${fingerprint}`);
      },
      (error: Error & { code?: string }) => {
        sent.pending -= 1;
        sent.failures.push(error.code ?? error.message);
        this.journal.note(SERVER, `${error.code} ${fingerprint}`);
      },
    );
  }

  #createServer(seams: Seams): ImServer {
    const { plan, network, journal } = this;
    const store = this.#slowStore ?? this.store;
    const gateways = (['tcp', 'udp', 'websocket'] as const).map((transport) => {
      const sense = transport === 'udp' ? 3 : plan.streamSenseMode;
      const readTimeoutMs = senseTimes(sense, transport).serverReadTimeoutMs;
      const gateway = memoryGateway({ network, transport, port: PORTS[transport], readTimeoutMs });
      const watched = this.openConnections.watch(gateway);
      return seams.gateway?.(watched) ?? watched;
    });
    const server = createServer({
      gateways,
      hooks: this.#hooks(),
      clock: this.clock.ownedBy('server'),
      random: this.random.fork('server').next,
      logger: silentLogger,
      ...(store !== undefined && { store }),
    });
    server.on('undelivered', ({ message, reason }) => {
      journal.setBack.add(keyOf(message.from, message.fingerprint));
      journal.note(SERVER, `undelivered ${message.fingerprint}: ${reason}`);
    });
    server.on('online', ({ userId, remoteAddress, remotePort }) =>
      journal.note(SERVER, `online ${userId} ${remoteAddress} ${remotePort}`),
    );
    server.on('offline', ({ userId, remoteAddress, remotePort, kickCode }) =>
      journal.note(SERVER, `offline ${userId} ${remoteAddress} ${remotePort} ${kickCode}`),
    );
    server.on('stored', ({ fingerprint }) => journal.note(SERVER, `stored ${fingerprint}`));
    server.on('error', (error) => {
      if (error instanceof HookError || error instanceof StoreError) journal.note(SERVER, error.message);
      else journal.breach(`the server reports: ${error.stack}`);
    });
    return server;
  }

  #hooks(): Hooks {
    const { plan, journal } = this;
    const random = this.random.fork('hooks');
    const hooks: Hooks = {
      authenticate: ({ token }) =>
        this.#later(random, () => (token === 'secret' ? { accept: true } : { accept: false, code: 1025 })),
      onServerMessage: ({ from, content, fingerprint }) =>
        this.#later(random, () => {
          if (random.chance(plan.handlingFails)) throw new Error('simulated failure');
          journal.hand({ to: SERVER, userId: SERVER_ID, from, fingerprint, content });
        }),
      authorizeMessage: ({ content }) => this.#later(random, () => !content.startsWith(FORBIDDEN)),
    };
    const { takesUndeliverable } = plan;
    if (takesUndeliverable === undefined) return hooks;
    return {
      ...hooks,
      onUndeliverable: ({ from, fingerprint }) =>
        this.#later(random, () => {
          if (takesUndeliverable) journal.takenByHook.add(keyOf(from, fingerprint));
          return takesUndeliverable;
        }),
    };
  }

  /** Answers at once, or where the plan's hooks take their time, at a random instant later. */
  #later<Answer>(random: SeededRandom, answer: () => Answer): Answer | Promise<Answer> {
    const { hookDelayMs } = this.plan;
    if (hookDelayMs === 0 || random.chance(0.5)) return answer();
    const at = this.clock.now() + random.between(0, hookDelayMs);
    return new Promise<void>((resolve) => this.clock.ownedBy('hook').schedule(at, resolve)).then(answer);
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
      originalFingerprint: (fingerprint) => seams.originalFingerprint?.(fingerprint) ?? fingerprint,
    });
  }
}
