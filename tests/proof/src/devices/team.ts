import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileOutbox, type ImClient } from '@imcore/client/node';
import { KINDS, type Kind, proofClient } from '../proof-client.js';
import type { Ports } from '../server-process.js';
import { pause } from '../traffic.js';
import { contentOf, type ProofDevice } from './device-ledger.js';

/** What becomes of the messages of a {@link Team}. */
interface TeamObserver {
  acknowledged(sender: ProofDevice, to: string, number: number): void;
  delivered(
    device: ProofDevice,
    message: { readonly content: string; readonly position?: number | undefined },
  ): void;
  gap(device: ProofDevice, from: number, to: number, reason: string): void;
}

/** A device, and what it does. */
export interface DevicePlan extends ProofDevice {
  /** The transport that it uses; `roaming`: one after the other, with the same outbox. It does not send. */
  readonly transport: Kind | 'roaming';
}

/** How a {@link Team} differs from a normal one. */
interface TeamOptions {
  /** Whether the roaming device changes its transport. Default true. */
  readonly isRoaming?: boolean;
  /** The roaming device now and then gets an older copy of its outbox, on purpose. Default false. */
  readonly forgets?: boolean;
}

const ROAMING: DevicePlan = { userId: 'ann', name: 'phone', isV6: false, transport: 'roaming' };

/** Two users with two devices each, over all transports, and one user of v6 clients. */
export const TEAM: readonly DevicePlan[] = [
  { userId: 'ann', name: 'laptop', isV6: false, transport: 'tcp' },
  ROAMING,
  { userId: 'ben', name: 'laptop', isV6: false, transport: 'ws' },
  { userId: 'ben', name: 'phone', isV6: false, transport: 'udp' },
  { userId: 'cat', name: 'v6', isV6: true, transport: 'tcp' },
];

export const USERS = [...new Set(TEAM.map(({ userId }) => userId))];

/** How long a roaming device stays on a transport on average, in milliseconds. */
const STAY_MS = 800;

/** Unacknowledged messages of a device at a time. */
const WINDOW = 4;

/** Users with devices who write to each other until {@link stop} is called. Each device has an outbox in files. */
export class Team {
  readonly #folder: string;
  readonly #ports: Ports;
  readonly #observer: TeamObserver;
  readonly #options: TeamOptions;
  #onGap: (device: DevicePlan) => void = () => {};
  readonly #clients = new Map<ProofDevice, ImClient>();
  readonly #work: Promise<void>[] = [];
  #isSending = true;
  #isGone = false;

  constructor(folder: string, ports: Ports, observer: TeamObserver, options: TeamOptions = {}) {
    this.#folder = folder;
    this.#ports = ports;
    this.#observer = observer;
    this.#options = options;
  }

  /** `onGap`: called when a device was told a gap, after the observer. */
  async start(onGap: (device: DevicePlan) => void = () => {}): Promise<void> {
    this.#onGap = onGap;
    for (const plan of TEAM) await this.#open(plan, plan.transport === 'roaming' ? 'tcp' : plan.transport);
    for (const plan of TEAM) {
      if (plan.transport !== 'roaming') this.#work.push(this.#send(plan));
      else if (this.#options.isRoaming !== false) this.#work.push(this.#roam(plan));
    }
  }

  /** The client of a device. */
  clientOf(device: ProofDevice): ImClient {
    const client = this.#clients.get(device);
    if (client === undefined) throw new Error('the team was not started');
    return client;
  }

  /** The roaming device goes offline. Only for a team in which it does not roam. */
  async leave(): Promise<void> {
    await this.clientOf(ROAMING).close();
  }

  /** The device that has left comes back, with the same outbox. */
  async comeBack(): Promise<void> {
    await this.#open(ROAMING, 'tcp');
  }

  /** Stops sending. Resolves when every message is acknowledged or has failed. */
  async stop(): Promise<void> {
    this.#isSending = false;
    await Promise.all(this.#work);
  }

  /** Ends at once, when the server is gone. */
  async abandon(): Promise<void> {
    this.#isGone = true;
    this.#isSending = false;
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  async #open(device: DevicePlan, kind: Kind): Promise<void> {
    const outbox = device.isV6 ? undefined : fileOutbox(this.#outboxOf(device));
    const client = proofClient(kind, this.#ports, {
      outbox,
      device: device.isV6 ? undefined : { name: device.name },
    });
    this.#clients.set(device, client);
    client.on('message', (message) => this.#observer.delivered(device, message));
    client.on('gap', ({ from, to, reason }) => {
      this.#observer.gap(device, from, to, reason);
      this.#onGap(device);
    });
    // The server may be down: the client tries again.
    await client.login({ userId: device.userId, token: 't' }).catch(() => undefined);
  }

  async #send(device: DevicePlan): Promise<void> {
    const others = USERS.filter((userId) => userId !== device.userId);
    const numbers = new Map<string, number>();
    const send = async (): Promise<void> => {
      while (this.#isSending) {
        const to = others[Math.floor(Math.random() * others.length)] ?? '';
        const number = numbers.get(to) ?? 0;
        numbers.set(to, number + 1);
        try {
          await this.clientOf(device).send({ to, content: contentOf(device, to, number) });
          this.#observer.acknowledged(device, to, number);
        } catch {
          // Not acknowledged: it may be lost.
        }
      }
    };
    await Promise.all(Array.from({ length: WINDOW }, send));
  }

  /** The same device over one transport after the other. */
  async #roam(device: DevicePlan): Promise<void> {
    for (let turn = 1; this.#isSending; turn++) {
      await pause(STAY_MS * (0.5 + Math.random()));
      await this.clientOf(device).close();
      if (this.#isGone) return;
      if (this.#options.forgets === true) this.#forget(device, turn);
      await this.#open(device, KINDS[turn % KINDS.length] ?? 'tcp');
    }
  }

  #forget(device: DevicePlan, turn: number): void {
    const outbox = this.#outboxOf(device);
    const copy = `${outbox}-before`;
    if (turn % 2 === 1) cpSync(outbox, copy, { recursive: true });
    else {
      rmSync(outbox, { recursive: true });
      cpSync(copy, outbox, { recursive: true });
    }
  }

  #outboxOf({ userId, name }: ProofDevice): string {
    return join(this.#folder, `${userId}-${name}`);
  }
}
