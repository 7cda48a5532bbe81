import type { ImClient } from '@imcore/client/node';
import { KINDS, type Kind, proofClient, WINDOW } from './proof-client.js';
import type { Ports } from './server-process.js';

/** Gets the messages that were acknowledged to senders, and those that were received. */
export interface TrafficObserver {
  acknowledged(pair: string, number: number): void;
  received(pair: string, number: number): void;
}

/** A sender and a receiver. Receivers of `away` pairs are offline half of the time, so that the store is used. */
interface PairPlan {
  readonly name: string;
  readonly from: Kind;
  readonly to: Kind;
  readonly isAway: boolean;
}

/** From each transport to each transport, to receivers that stay online and to receivers that do not. */
export const PAIRS: readonly PairPlan[] = KINDS.flatMap((from) =>
  KINDS.flatMap((to) => [
    { name: `${from}-${to}`, from, to, isAway: false },
    { name: `${from}-${to}-away`, from, to, isAway: true },
  ]),
);
const AWAY_MS = 400;

/** Senders and receivers over all transports, in all directions, at full speed until {@link stop} is called. */
export class Traffic {
  readonly #ports: Ports;
  readonly #observer: TrafficObserver;
  readonly #clients: ImClient[] = [];
  readonly #work: Promise<void>[] = [];
  #state: 'sending' | 'stopped' | 'abandoned' = 'sending';

  constructor(ports: Ports, observer: TrafficObserver) {
    this.#ports = ports;
    this.#observer = observer;
  }

  async start(): Promise<void> {
    for (const plan of PAIRS) await this.#startPair(plan);
  }

  /** Stops sending. Resolves when every message is acknowledged or has failed. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    await Promise.all(this.#work);
  }

  /** Ends at once, when the server is gone. */
  async abandon(): Promise<void> {
    this.#state = 'abandoned';
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.logout()));
  }

  async #startPair(plan: PairPlan): Promise<void> {
    const receiver = this.#client(plan.to);
    receiver.on('message', ({ content }) => this.#observer.received(plan.name, Number(content)));
    await receiver.login({ userId: receiverOf(plan), token: 't' });
    const sender = this.#client(plan.from);
    await sender.login({ userId: `sender-${plan.name}`, token: 't' });
    let next = 0;
    const send = async (): Promise<void> => {
      while (this.#state === 'sending') {
        const number = next++;
        try {
          await sender.send({ to: receiverOf(plan), content: String(number) });
          this.#observer.acknowledged(plan.name, number);
        } catch {
          // Not acknowledged: it may be lost.
        }
      }
    };
    for (let i = 0; i < WINDOW[plan.from]; i++) this.#work.push(send());
    if (plan.isAway) this.#work.push(this.#toggleOnline(receiver, receiverOf(plan)));
  }

  async #toggleOnline(receiver: ImClient, userId: string): Promise<void> {
    while (this.#state === 'sending') {
      await pause(AWAY_MS * (0.5 + Math.random()));
      await receiver.logout();
      await pause(AWAY_MS * (0.5 + Math.random()));
      await receiver.login({ userId, token: 't' }).catch(() => undefined);
    }
    while (receiver.state !== 'online' && this.#state !== 'abandoned') {
      if (receiver.state === 'idle') await receiver.login({ userId, token: 't' }).catch(() => undefined);
      await pause(50);
    }
  }

  #client(kind: Kind): ImClient {
    const client = proofClient(kind, this.#ports);
    this.#clients.push(client);
    return client;
  }
}

export function receiverOf({ name }: PairPlan): string {
  return `receiver-${name}`;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
