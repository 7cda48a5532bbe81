import { senseTimes } from '@imcore/protocol';
import { createServer, type ImServer, StoreError, silentLogger } from '@imcore/server';
import type { Cluster, ServerTransport } from '@imcore/server/ports';
import { memoryServerTransport, type SimulatedMember } from '@imcore/testkit';
import { ServerProcess } from '../server-process.js';
import { SlowStore } from '../slow-store.js';
import { Gate, pausableClock, pausableStore, pausableTransport } from './gate.js';
import type { NodeParts } from './node-parts.js';

/** The transports of each node, and their ports at the first one. */
export const PORTS = { tcp: 1000, websocket: 2000 } as const;

/** How soon a node starts again whose start has failed, in milliseconds. */
const START_AGAIN_MS = 500;

/** What one process of a node consists of. */
interface Running {
  readonly process: ServerProcess;
  readonly gate: Gate;
  readonly member: SimulatedMember;
  readonly store: SlowStore;
  readonly server: ImServer;
  isListening: boolean;
  isClosing: boolean;
}

/** A node of the cluster: one server process after another, on the same ports and with the same name. */
export class SimulatedNode {
  readonly name: string;
  readonly index: number;
  readonly #parts: NodeParts;
  #starts = 0;
  #running: Running | undefined = undefined;

  constructor(name: string, index: number, parts: NodeParts) {
    this.name = name;
    this.index = index;
    this.#parts = parts;
  }

  /** The server; undefined while the node is down, starts or closes. */
  get server(): ImServer | undefined {
    const running = this.#running;
    return running?.isListening === true && !running.isClosing ? running.server : undefined;
  }

  get isPaused(): boolean {
    return this.#running?.gate.isPaused === true;
  }

  /** Starts a process, and another one if its start fails. Does nothing if there is one. */
  start(): void {
    if (this.#running !== undefined) return;
    const running = this.#create();
    this.#running = running;
    this.#note('starts');
    running.server.listen().then(
      () => {
        running.isListening = true;
      },
      (error: Error) => {
        this.#note(`start failed: ${error.message}`);
        running.process.crash();
        running.member.crash();
        if (this.#running === running) this.#running = undefined;
        this.#startLater(START_AGAIN_MS);
      },
    );
  }

  /** Kills the process, and starts another one later. */
  crash(downMs: number): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#note('crashes');
    this.#running = undefined;
    running.process.crash();
    running.member.crash();
    this.#startLater(downMs);
  }

  /** Closes the server, and starts another one later. */
  leave(downMs: number): void {
    const running = this.#running;
    if (running === undefined || this.server === undefined || this.isPaused) return;
    this.#note('closes');
    running.isClosing = true;
    void running.server.close({ drainMs: 100 }).then(() => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.#startLater(downMs);
    });
  }

  pause(): void {
    if (this.#running === undefined || this.isPaused) return;
    this.#note('is paused');
    this.#running.gate.pause();
    this.#running.member.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.#note('goes on');
    this.#running?.gate.resume();
    this.#running?.member.resume();
  }

  goAway(): void {
    this.#note('loses the bus');
    this.#running?.member.goAway();
  }

  comeBack(): void {
    this.#running?.member.comeBack();
  }

  /** From now on the store does not fail, and the node runs. */
  heal(): void {
    this.resume();
    this.comeBack();
    this.#running?.store.heal();
    this.start();
  }

  /** Closes the server for good. */
  async close(): Promise<void> {
    await this.#running?.server.close({ drainMs: 100 });
  }

  #startLater(ms: number): void {
    const clock = this.#parts.clock.ownedBy('restart');
    clock.schedule(clock.now() + ms, () => this.start());
  }

  #create(): Running {
    const { clock, bus, random, isHealed } = this.#parts;
    this.#starts += 1;
    const luck = random.fork(`node ${this.name} ${this.#starts}`);
    const gate = new Gate(clock.ownedBy('pause'));
    const offset = Math.floor(random.fork(`clock of ${this.name}`).between(-250, 250));
    const process = new ServerProcess(pausableClock(clock.ownedBy(`node ${this.name}`), gate, offset));
    const member = bus.createMember(this.name);
    const store = this.#slowStore(luck.fork('store'));
    if (isHealed()) store.heal();
    const server = createServer({
      transports: this.#transports(process, gate),
      clock: process.clock,
      random: luck.fork('server').next,
      logger: silentLogger,
      store: process.store(pausableStore(this.#parts.wrapStore(store, process.clock), gate)),
      cluster: unlessCrashed(member, process),
    });
    this.#listenTo(server);
    return { process, gate, member, store, server, isListening: false, isClosing: false };
  }

  #slowStore(random: NodeParts['random']): SlowStore {
    const { clock, plan, store } = this.#parts;
    const ignored = { appendFailed() {}, before: () => false, after() {} };
    return new SlowStore(store.share(), clock.ownedBy('store'), random, plan.store, ignored);
  }

  #transports(process: ServerProcess, gate: Gate): ServerTransport[] {
    const { network, openConnections } = this.#parts;
    return (['tcp', 'websocket'] as const).map((kind) => {
      const readTimeoutMs = senseTimes(3, kind).serverReadTimeoutMs;
      const port = PORTS[kind] + this.index;
      const transport = memoryServerTransport({ network, transport: kind, port, readTimeoutMs });
      return process.transport(pausableTransport(openConnections.watch(transport), gate));
    });
  }

  #listenTo(server: ImServer): void {
    const { journal, started, clock } = this.#parts;
    server.on('sessionStarted', ({ session: { userId, remotePort, firstLoginTime } }) => {
      started.push({ userId, nodeId: this.name, firstLoginTime, at: clock.now() });
      this.#note(`session of ${userId} from ${remotePort} started, first login ${firstLoginTime}`);
    });
    server.on('sessionEnded', ({ session: { userId, remotePort }, reason, kickCode }) =>
      this.#note(`session of ${userId} from ${remotePort} ended: ${reason} ${kickCode}`),
    );
    server.on('node', ({ nodeId, state }) => this.#note(`node ${nodeId} ${state}`));
    server.on('stored', ({ fingerprint }) => this.#note(`stored ${fingerprint}`));
    server.on('undelivered', ({ message, reason }) =>
      this.#note(`undelivered ${message.fingerprint}: ${reason}`),
    );
    server.on('replayDelayed', ({ userId }) => journal.overtakes(userId));
    server.on('error', (error) => {
      if (error instanceof StoreError) this.#note(error.message);
      else journal.breach(`node ${this.name} reports: ${error.stack}`);
    });
  }

  #note(what: string): void {
    this.#parts.journal.note(`node ${this.name}`, what);
  }
}

/** A process that has crashed sends nothing: promises that were under way still settle in a simulation. */
function unlessCrashed(member: SimulatedMember, process: ServerProcess): Cluster {
  return {
    nodeId: member.nodeId,
    maxFrameBytes: member.maxFrameBytes,
    start: (host) => member.start(host),
    send: (nodeId, frame) => !process.hasCrashed && member.send(nodeId, frame),
    broadcast: (frame) => !process.hasCrashed && member.broadcast(frame),
    close: () => member.close(),
  };
}
