import type { TransportKind } from '@imcore/protocol';
import { createServer, type ImServer, memoryStore, silentLogger } from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import {
  type LinkConditions,
  type MemoryOutbox,
  memoryOutbox,
  memoryServerTransport,
  memoryTransport,
  SeededRandom,
  type SimulatedLink,
  SimulatedNetwork,
  VirtualClock,
} from '@imcore/testkit';
import {
  type ClientEvents,
  type ClientSettings,
  createClient,
  type ImClient,
  type Message,
  silentLogger as silent,
} from '../../src/index.js';
import { outboxOn } from '../../src/outbox/index.js';

const PORTS = { tcp: 8901, udp: 7901, websocket: 3000 } as const;
const KINDS = ['tcp', 'udp', 'websocket'] as const;

/** Enough for an outbox and a store behind a server. */
const TURNS = 60;

interface WorldOptions {
  /** `null`: a server without a store. Default: a memory store with history. */
  readonly store?: MessageStore | null;
  readonly seed?: number;
  readonly conditions?: Partial<LinkConditions>;
}

interface DeviceOptions {
  readonly kind?: TransportKind;
  /** What survives a restart; `null`: a client without an outbox. Default: a new disk. */
  readonly disk?: MemoryOutbox | null;
  readonly settings?: ClientSettings;
  /** Default: true. */
  readonly hasListener?: boolean;
}

/** A client, what it has received, and the rest of its events. */
export interface TestDevice {
  readonly client: ImClient;
  readonly link: SimulatedLink;
  readonly disk: MemoryOutbox | null;
  readonly messages: Message[];
  readonly events: { [Name in keyof ClientEvents]?: ClientEvents[Name] }[];
  /** The contents of the messages. */
  contents(): string[];
}

/** A real server and real clients on a simulated network, in virtual time. */
export class World {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly store: MessageStore | undefined;
  server: ImServer;
  #devices = 0;

  private constructor({ store, seed = 1, conditions = {} }: WorldOptions) {
    this.random = new SeededRandom(seed);
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: this.random.fork('network'),
      conditions,
    });
    const wallTime = (): number => this.clock.wallTime();
    this.store = store === null ? undefined : (store ?? memoryStore({ historyMs: 86_400_000, wallTime }));
    this.server = this.#createServer(this.store);
  }

  static async open(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    await world.server.listen();
    return world;
  }

  /** Closes the server, and starts another one with another store, or without one. */
  async restart(store: MessageStore | undefined): Promise<void> {
    await this.server.close();
    this.server = this.#createServer(store);
    await this.server.listen();
  }

  device({
    kind = 'tcp',
    disk = memoryOutbox(),
    settings = {},
    hasListener = true,
  }: DeviceOptions = {}): TestDevice {
    this.#devices += 1;
    const link = this.network.link(`10.0.0.${this.#devices}`);
    const client = createClient({
      transport: memoryTransport({ link, kind, port: PORTS[kind] }),
      clock: this.clock,
      random: this.random.fork(`client ${this.#devices}`).next,
      logger: silent,
      ...(disk !== null && { outbox: outboxOn(disk) }),
      ...settings,
    });
    const messages: Message[] = [];
    const events: TestDevice['events'] = [];
    for (const name of ['gap', 'level', 'delivered', 'undelivered', 'error', 'kicked'] as const)
      client.on(name, (event) => events.push({ [name]: event }));
    if (hasListener) client.on('message', (message) => void messages.push(message));
    return { client, link, disk, messages, events, contents: () => messages.map(({ content }) => content) };
  }

  /** A device that is logged in. */
  async online(userId: string, options: DeviceOptions = {}): Promise<TestDevice> {
    const device = this.device(options);
    await this.login(device, userId);
    return device;
  }

  async login({ client }: TestDevice, userId: string): Promise<void> {
    const login = client.login({ userId });
    await this.run(200);
    await login;
  }

  /** The position of the user's only named device in the store. */
  async position(userId: string): Promise<number | undefined> {
    const devices = (await this.store?.devices(userId)) ?? [];
    return devices.find(({ id }) => id !== '')?.position;
  }

  /** Lets time pass. */
  async run(ms: number): Promise<void> {
    await this.clock.advanceAsync(0, TURNS);
    await this.clock.advanceAsync(ms, TURNS);
  }

  #createServer(store: MessageStore | undefined): ImServer {
    return createServer({
      transports: KINDS.map((transport) =>
        memoryServerTransport({ network: this.network, transport, port: PORTS[transport] }),
      ),
      clock: this.clock,
      random: this.random.fork('server').next,
      logger: silentLogger,
      ...(store !== undefined && { store }),
    });
  }
}
