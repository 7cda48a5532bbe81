import {
  createClient,
  type ImClient,
  silentLogger,
  type Transport,
  tcp,
  udp,
  websocket,
} from '@imcore/client/node';
import type { Ledger } from './ledger.js';
import type { Ports } from './server-process.js';

type Kind = 'tcp' | 'udp' | 'ws';

/** Who writes to whom. Receivers of `away` pairs are offline half of the time, so that the store is used. */
interface PairPlan {
  readonly name: string;
  readonly from: Kind;
  readonly to: Kind;
  readonly isAway: boolean;
}

const KINDS: readonly Kind[] = ['tcp', 'udp', 'ws'];
/** Messages that a sender has unacknowledged; on UDP one, as nothing else keeps their order there. */
const WINDOW: Readonly<Record<Kind, number>> = { tcp: 32, ws: 32, udp: 1 };
const AWAY_MS = 400;

/** Senders and receivers over all transports, in all directions, at full speed until they are told to stop. */
export class Traffic {
  readonly #ports: Ports;
  readonly #ledger: Ledger;
  readonly #clients: ImClient[] = [];
  readonly #work: Promise<void>[] = [];
  #state: 'sending' | 'stopped' = 'sending';

  constructor(ports: Ports, ledger: Ledger) {
    this.#ports = ports;
    this.#ledger = ledger;
  }

  async start(): Promise<void> {
    for (const from of KINDS) {
      for (const to of KINDS) {
        await this.#startPair({ name: `${from}-${to}`, from, to, isAway: false });
        await this.#startPair({ name: `${from}-${to}-away`, from, to, isAway: true });
      }
    }
  }

  /** Stops sending; resolves when every message that was sent is acknowledged or given up. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    await Promise.all(this.#work);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.logout()));
  }

  async #startPair(plan: PairPlan): Promise<void> {
    const receiver = this.#client(plan.to);
    receiver.on('message', ({ content }) => this.#ledger.handed(plan.name, Number(content)));
    await receiver.login({ userId: `receiver-${plan.name}`, token: 't' });
    const sender = this.#client(plan.from);
    await sender.login({ userId: `sender-${plan.name}`, token: 't' });
    let next = 0;
    const send = async (): Promise<void> => {
      while (this.#state === 'sending') {
        const number = next++;
        try {
          await sender.send({ to: `receiver-${plan.name}`, content: String(number) });
          this.#ledger.acknowledged(plan.name, number);
        } catch {
          // Not acknowledged: nobody has promised anything.
        }
      }
    };
    for (let i = 0; i < WINDOW[plan.from]; i++) this.#work.push(send());
    if (plan.isAway) this.#work.push(this.#comeAndGo(receiver, `receiver-${plan.name}`));
  }

  async #comeAndGo(receiver: ImClient, userId: string): Promise<void> {
    while (this.#state === 'sending') {
      await pause(AWAY_MS * (0.5 + Math.random()));
      await receiver.logout();
      await pause(AWAY_MS * (0.5 + Math.random()));
      await receiver.login({ userId, token: 't' }).catch(() => undefined);
    }
    while (receiver.state !== 'online') {
      if (receiver.state === 'idle') await receiver.login({ userId, token: 't' }).catch(() => undefined);
      await pause(50);
    }
  }

  #client(kind: Kind): ImClient {
    const client = createClient({
      transport: this.#transport(kind),
      senseMode: 3,
      backoff: { minMs: 20, initialMs: 50, maxMs: 300 },
      retry: { waitMs: 1000, retries: 1000 },
      loginTimeoutMs: 1000,
      sendTimeoutMs: 120_000,
      connectTimeoutMs: 120_000,
      logger: silentLogger,
    });
    this.#clients.push(client);
    return client;
  }

  #transport(kind: Kind): Transport {
    const host = '127.0.0.1';
    if (kind === 'tcp') return tcp({ host, port: this.#ports.tcp });
    if (kind === 'udp') return udp({ host, port: this.#ports.udp });
    return websocket({ url: `ws://${host}:${this.#ports.ws}/websocket` });
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
