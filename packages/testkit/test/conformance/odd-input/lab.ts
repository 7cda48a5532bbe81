import type { TransportKind } from '@imcore/protocol';
import {
  createServer,
  type ImServer,
  type ServerOptions,
  silentLogger,
  tcp,
  udp,
  websocket,
} from '@imcore/server';
import type { ServerCallback } from '../../../src/conformance/recording.js';
import {
  followEvents,
  kickFromServer,
  recordedRules,
  sendFromServer,
} from '../../../src/conformance/server-rules.js';
import { SocketStage } from '../../../src/conformance/socket-stage.js';
import type { Stage } from '../../../src/conformance/stage.js';
import { VirtualStage } from '../../../src/conformance/virtual-stage.js';
import { VirtualClock } from '../../../src/virtual-clock.js';
import { LabClient } from './lab-client.js';

/** How long an expected packet may take over real sockets, in milliseconds. */
const DEADLINE_MS = 10_000;
const KEEP_ALIVE_MS = 3000;
export const HOST = '127.0.0.1';

/**
 * A server to send odd input to, and two users who must not notice it. Unless another clock is given, the server's time
 * is virtual, whether the clients are on a simulated network or on real sockets.
 */
export class Lab {
  readonly stage: Stage;
  readonly server: ImServer;
  readonly clock: VirtualClock;
  readonly ports: Readonly<Record<TransportKind, number>>;
  /** Callbacks of the server's application. */
  readonly callbacks: ServerCallback[];
  readonly #clients: LabClient[] = [];
  #onChange: () => void = () => {};
  #messages = 0;

  constructor(parts: {
    readonly stage: Stage;
    readonly server: ImServer;
    readonly clock: VirtualClock;
    readonly ports: Readonly<Record<TransportKind, number>>;
    readonly callbacks: ServerCallback[];
  }) {
    this.stage = parts.stage;
    this.server = parts.server;
    this.clock = parts.clock;
    this.ports = parts.ports;
    this.callbacks = parts.callbacks;
  }

  async connect(transport: TransportKind): Promise<LabClient> {
    const client = await LabClient.connect(this, transport);
    this.#clients.push(client);
    return client;
  }

  /** A client that has logged in; `me` unless another id is given. */
  async user(transport: TransportKind, userId = 'me'): Promise<LabClient> {
    const client = await this.connect(transport);
    await client.login(userId);
    return client;
  }

  /** Called when something has arrived. */
  changed(): void {
    this.#onChange();
  }

  /** Waits for a condition. @throws Error when it does not hold in time. */
  async until(condition: () => boolean, what: string): Promise<void> {
    if (this.stage instanceof VirtualStage) {
      await this.clock.advanceAsync(0);
      if (!condition()) throw new Error(`timed out: ${what}`);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`timed out: ${what}`)), DEADLINE_MS);
      this.#onChange = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#onChange = () => {};
        resolve();
      };
      this.#onChange();
    });
  }

  /** Advances the server's time. The given clients and the bystanders send keep-alives meanwhile. */
  async pass(ms: number, alive: readonly LabClient[] = []): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      await this.clock.advanceAsync(Math.min(KEEP_ALIVE_MS, end - this.clock.now()));
      for (const client of [...this.#clients.slice(0, 2), ...alive]) await client.state();
    }
  }

  /** Two users exchange a message with acknowledgement, one over TCP, one over UDP. @throws Error when they cannot. */
  async checkBystanders(): Promise<void> {
    const [alice, bob] = this.#clients;
    if (alice === undefined || bob === undefined) {
      await this.user('tcp', 'bystander-alice');
      await this.user('udp', 'bystander-bob');
      return await this.checkBystanders();
    }
    this.#messages += 1;
    const fp = `bystander-${this.#messages}`;
    alice.send({ type: 2, dataContent: fp, from: 'bystander-alice', to: 'bystander-bob', fp, QoS: true });
    await this.until(() => bob.packets.some((packet) => packet['fp'] === fp), 'a bystander gets a message');
    bob.send({ type: 4, dataContent: fp, from: 'bystander-bob', to: 'bystander-alice' });
    await this.until(
      () => alice.packets.some(({ type, dataContent }) => type === 4 && dataContent === fp),
      'a bystander is acknowledged',
    );
  }

  async send(
    to: string,
    content: string,
    options: { fp?: string; type?: number; qos?: boolean } = {},
  ): Promise<void> {
    const { fp, type = -1, qos = true } = options;
    await sendFromServer(this.server, { to, content, type, qos, fingerprint: fp }, (callback) =>
      this.callbacks.push(callback),
    );
  }

  kick(user: string): void {
    kickFromServer(this.server, { user, code: undefined, reason: undefined }, (callback) =>
      this.callbacks.push(callback),
    );
  }

  /** How many callbacks of a kind the application got. */
  count(ev: string, fields: Readonly<Record<string, unknown>> = {}): number {
    return this.callbacks.filter(
      (callback) =>
        callback.ev === ev && Object.entries(fields).every(([name, value]) => callback[name] === value),
    ).length;
  }

  /** Every UDP client that was not logged in got at most three times the bytes it had sent. @throws Error otherwise. */
  checkAmplification(): void {
    for (const client of this.#clients) client.checkAmplification();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    const closed = this.server.close({ drainMs: 0 });
    await this.clock.advanceAsync(10_000);
    await closed;
  }
}

const denies = ({ content }: { readonly content: string }) => content.includes('DENY');

/** A lab on a simulated network. */
export async function virtualLab(options: Partial<ServerOptions> = {}): Promise<Lab> {
  const callbacks: ServerCallback[] = [];
  const emit = (callback: ServerCallback) => callbacks.push(callback);
  const stage = new VirtualStage({
    hooks: recordedRules({ emit, denies }),
    server: options,
    onServer: (server) => followEvents(server, emit),
  });
  await stage.start();
  const ports = { tcp: 0, udp: 0, websocket: 0 };
  const lab = new Lab({ stage, server: stage.server, clock: stage.clock, ports, callbacks });
  await lab.checkBystanders();
  return lab;
}

/** A lab on real sockets, sense mode 3 s. */
export async function socketLab(options: Partial<ServerOptions> = {}): Promise<Lab> {
  const callbacks: ServerCallback[] = [];
  const clock = new VirtualClock();
  const emit = (callback: ServerCallback) => {
    callbacks.push(callback);
    lab.changed();
  };
  const server = createServer({
    logger: silentLogger,
    clock,
    ...options,
    transports: [tcp, udp, websocket].map((transport) => transport({ host: HOST, port: 0, senseMode: 3 })),
    hooks: recordedRules({ emit, denies }),
  });
  followEvents(server, emit);
  const addresses = await server.listen();
  const portOf = (name: TransportKind) => addresses.find(({ transport }) => transport === name)?.port ?? 0;
  const ports = { tcp: portOf('tcp'), udp: portOf('udp'), websocket: portOf('websocket') };
  const lab = new Lab({ stage: new SocketStage({ host: HOST, ports }), server, clock, ports, callbacks });
  await lab.checkBystanders();
  return lab;
}
