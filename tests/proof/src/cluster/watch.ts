import { pause } from '../traffic.js';
import type { ClientProcess } from './client-process.js';
import { JournalReader } from './journal.js';
import { machineTime } from './machine-clock.js';
import type { NodeProcess } from './node-process.js';
import { type Recovery, RecoveryMeter } from './recovery.js';

/** How long recovery may take before it counts as failed, in milliseconds. */
const RECOVERY_MS = 30_000;

/** Follows the journals while the proof runs, so that it knows when to go on. The checker reads them again. */
export class Watch {
  readonly #nodes: readonly NodeProcess[];
  readonly #clients: readonly ClientProcess[];
  readonly #readers: readonly JournalReader[];
  readonly #meter = new RecoveryMeter();
  readonly #timer: NodeJS.Timeout;
  #running = '';

  constructor(nodes: readonly NodeProcess[], clients: readonly ClientProcess[], journals: readonly string[]) {
    this.#nodes = nodes;
    this.#clients = clients;
    this.#readers = journals.map((path) => new JournalReader(path));
    this.#timer = setInterval(() => this.#poll(), 50);
  }

  /** Waits for the recovery from the fault that has ended last, at most for 30 s. */
  async recovery(): Promise<Recovery> {
    const until = machineTime() + RECOVERY_MS;
    for (this.#poll(); !this.#meter.isDone && machineTime() < until; ) await pause(50);
    return this.#meter.recovery;
  }

  /** Moves users from the node that has most to the one that has fewest. */
  spread(): void {
    const usersAt = new Map(this.#nodes.map(({ nodeId }): [string, string[]] => [nodeId, []]));
    for (const [userId, node] of this.#meter.nodeOf) usersAt.get(node)?.push(userId);
    const counted = [...usersAt].sort(([, a], [, b]) => a.length - b.length);
    const [fewest, most] = [counted[0], counted.at(-1)];
    if (fewest === undefined || most === undefined) return;
    const tooMany = Math.ceil((most[1].length - fewest[1].length) / 2);
    const users = most[1].slice(0, tooMany);
    for (const client of this.#clients) client.tell({ order: 'move', users, nodeId: fewest[0] });
  }

  close(): void {
    clearInterval(this.#timer);
    for (const reader of this.#readers) reader.close();
  }

  #poll(): void {
    const entries = this.#readers.flatMap((reader) => reader.read());
    for (const entry of entries.sort((a, b) => a.at - b.at)) this.#meter.add(entry);
    this.#tellNodes();
  }

  /** Tells the clients which nodes run, when that has changed. */
  #tellNodes(): void {
    const nodes = this.#nodes
      .filter(({ isRunning }) => isRunning)
      .map(({ nodeId, ports }) => ({ nodeId, ports }));
    const running = nodes.map(({ nodeId }) => nodeId).join();
    if (running === this.#running) return;
    this.#running = running;
    for (const client of this.#clients) client.tell({ order: 'nodes', nodes });
  }
}
