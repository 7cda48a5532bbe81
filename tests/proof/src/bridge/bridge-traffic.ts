import { createClient, type ImClient, silentLogger, tcp } from '@imcore/client/node';
import type { Ledger } from '../ledger.js';
import type { WebEdition } from './web-edition.js';

/** Pairs of users in each direction. */
const PAIRS = 10;
/** Unacknowledged messages of a pair, at most. */
const WINDOW = 200;

interface TrafficOptions {
  readonly port: () => number;
  readonly web: WebEdition;
  /** The ledger of each direction. */
  readonly toWeb: Ledger;
  readonly fromWeb: Ledger;
  /** Messages per second in each direction, of all pairs together. */
  readonly rate: number;
}

/**
 * Users of both systems who send to each other at a constant rate.
 *
 * Acknowledged messages are recorded at the sender: at the client, or at the Web edition when the broker has confirmed
 * them. Received messages are recorded at the receiver's application: at the client, or at the Web edition after its
 * duplicate detection, which every receiver of this protocol has.
 */
export class BridgeTraffic {
  /** Duplicates that the Web edition has detected. */
  copies = 0;
  readonly #options: TrafficOptions;
  readonly #clients: ImClient[] = [];
  readonly #seen = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #pending = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    options.web.onReceived = (text) => this.#receivedByWeb(text);
  }

  async start(): Promise<void> {
    const { web, toWeb, fromWeb, rate } = this.#options;
    for (let index = 0; index < PAIRS; index++) {
      const user = `app-${index}`;
      const client = this.#client();
      client.on('message', ({ from, content }) => fromWeb.received(`${from}>${user}`, Number(content)));
      await client.login({ userId: user, token: 't' });
      const peer = `web-${index}`;
      this.#repeat(rate / PAIRS, toWeb, `${user}>${peer}`, (number) =>
        client.send({ to: peer, content: String(number), fingerprint: `${user}-${number}` }),
      );
      this.#repeat(rate / PAIRS, fromWeb, `${peer}>${user}`, (number) =>
        web.send(packet(peer, user, number, `${peer}-${number}`)),
      );
    }
  }

  /** Stops sending. Resolves when every message is acknowledged or has failed. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    while (this.#pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.logout()));
  }

  #repeat(perSecond: number, ledger: Ledger, pair: string, send: (number: number) => Promise<unknown>): void {
    let [next, waiting, last] = [0, 0, performance.now()];
    let due = 0;
    const tick = (): void => {
      const now = performance.now();
      due = Math.min(WINDOW, due + ((now - last) * perSecond) / 1000);
      last = now;
      for (; due >= 1 && waiting < WINDOW; due--) {
        const number = next++;
        waiting += 1;
        this.#pending += 1;
        send(number)
          .then(() => ledger.acknowledged(pair, number))
          .catch(() => {
            // Not acknowledged: it may be lost.
          })
          .finally(() => {
            waiting -= 1;
            this.#pending -= 1;
          });
      }
    };
    this.#timers.push(setInterval(tick, 10));
  }

  #receivedByWeb(text: string): void {
    const { from, to, fp, dataContent } = JSON.parse(text) as Readonly<Record<string, string>>;
    const key = `${from}\n${to}\n${fp}`;
    if (this.#seen.has(key)) this.copies += 1;
    else this.#options.toWeb.received(`${from}>${to}`, Number(dataContent));
    this.#seen.add(key);
  }

  #client(): ImClient {
    const client = createClient({
      transport: tcp({ host: '127.0.0.1', port: this.#options.port() }),
      senseMode: 3,
      backoff: { minMs: 20, initialMs: 50, maxMs: 300 },
      retry: { waitMs: 1000, retries: 1000 },
      loginTimeoutMs: 2000,
      sendTimeoutMs: 300_000,
      connectTimeoutMs: 300_000,
      logger: silentLogger,
    });
    this.#clients.push(client);
    return client;
  }
}

function packet(from: string, to: string, number: number, fp: string): string {
  const [type, typeu, sm] = [2, -1, -1];
  return JSON.stringify({
    bridge: false,
    type,
    dataContent: String(number),
    from,
    to,
    fp,
    QoS: true,
    typeu,
    sm,
  });
}
