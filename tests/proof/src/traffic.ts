import type { ImClient } from '@imcore/client/node';
import { KINDS, type Kind, proofClient, WINDOW } from './proof-client.js';
import type { Ports } from './server-process.js';

/** Who writes down what senders were told and receivers were handed. */
export interface Books {
  acknowledged(pair: string, number: number): void;
  handed(pair: string, number: number): void;
}

/** Who writes to whom. Receivers of `away` pairs are offline half of the time, so that the store is used. */
interface PairPlan {
  readonly name: string;
  readonly from: Kind;
  readonly to: Kind;
  readonly isAway: boolean;
}

/** Every transport to every transport, to receivers who are there and to receivers who come and go. */
export const PAIRS: readonly PairPlan[] = KINDS.flatMap((from) =>
  KINDS.flatMap((to) => [
    { name: `${from}-${to}`, from, to, isAway: false },
    { name: `${from}-${to}-away`, from, to, isAway: true },
  ]),
);
const AWAY_MS = 400;

/** Senders and receivers over all transports, in all directions, at full speed until they are told to stop. */
export class Traffic {
  readonly #ports: Ports;
  readonly #books: Books;
  readonly #clients: ImClient[] = [];
  readonly #work: Promise<void>[] = [];
  #state: 'sending' | 'stopped' | 'abandoned' = 'sending';

  constructor(ports: Ports, books: Books) {
    this.#ports = ports;
    this.#books = books;
  }

  async start(): Promise<void> {
    for (const plan of PAIRS) await this.#startPair(plan);
  }

  /** Stops sending; resolves when every message that was sent is acknowledged or given up. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    await Promise.all(this.#work);
  }

  /** Ends at once, as the server has: what is not acknowledged by now is given up. */
  async abandon(): Promise<void> {
    this.#state = 'abandoned';
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.logout()));
  }

  async #startPair(plan: PairPlan): Promise<void> {
    const receiver = this.#client(plan.to);
    receiver.on('message', ({ content }) => this.#books.handed(plan.name, Number(content)));
    await receiver.login({ userId: receiverOf(plan), token: 't' });
    const sender = this.#client(plan.from);
    await sender.login({ userId: `sender-${plan.name}`, token: 't' });
    let next = 0;
    const send = async (): Promise<void> => {
      while (this.#state === 'sending') {
        const number = next++;
        try {
          await sender.send({ to: receiverOf(plan), content: String(number) });
          this.#books.acknowledged(plan.name, number);
        } catch {
          // Not acknowledged: nobody has promised anything.
        }
      }
    };
    for (let i = 0; i < WINDOW[plan.from]; i++) this.#work.push(send());
    if (plan.isAway) this.#work.push(this.#comeAndGo(receiver, receiverOf(plan)));
  }

  async #comeAndGo(receiver: ImClient, userId: string): Promise<void> {
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
