import {
  createClient,
  type ImClient,
  type Link,
  type LinkHandler,
  silentLogger,
  type Transport,
  tcp,
  udp,
  websocket,
} from '@imcore/client/node';
import type { Kind } from '../proof-client.js';
import type { Ports } from '../server-process.js';
import type { Journal, Pair } from './journal.js';
import type { MeetingPlace, ProofUser } from './meeting-place.js';

/** Wait before the first retransmission, in milliseconds. */
const RETRANSMIT_MS = 1000;

/** Our client. Each of its connections goes to a node that runs. */
export class RoamingUser implements ProofUser {
  readonly userId: string;
  readonly kind: Kind;
  readonly #client: ImClient;
  readonly #transport: RoamingTransport;
  readonly #journal: Journal;
  /** Number of times that it came online or lost its link. */
  #changes = 0;

  constructor(userId: string, kind: Kind, place: MeetingPlace, journal: Journal) {
    this.userId = userId;
    this.kind = kind;
    this.#journal = journal;
    this.#transport = new RoamingTransport(kind, place);
    this.#client = createClient({
      transport: this.#transport,
      senseMode: 3,
      backoff: { minMs: 20, initialMs: 50, maxMs: 300 },
      retry: { waitMs: RETRANSMIT_MS, retries: 1000 },
      loginTimeoutMs: 1000,
      sendTimeoutMs: 120_000,
      connectTimeoutMs: 2000,
      logger: silentLogger,
    });
    this.#client.on('state', () => {
      this.#changes += 1;
    });
    this.#client.on('kicked', ({ code }) => {
      journal.add({ kind: 'kicked', userId, code });
      this.start();
    });
    this.#client.on('message', ({ from, content }) => {
      const pair: Pair = `${from}>${userId}`;
      journal.add({ kind: 'handed', pair, number: Number(content), at: performance.now(), node: this.node });
    });
  }

  get isOnline(): boolean {
    return this.#client.state === 'online';
  }

  get node(): string {
    return this.#transport.node;
  }

  start(): void {
    const again = () => void setTimeout(() => this.#client.state === 'idle' && this.start(), 100);
    this.#client.login({ userId: this.userId, token: 't' }).catch(again);
  }

  async send(to: string, number: number): Promise<void> {
    const pair: Pair = `${this.userId}>${to}`;
    const [changes, at, wasOnline] = [this.#changes, performance.now(), this.isOnline];
    this.#journal.add({ kind: 'sent', pair, number, at, node: this.node });
    try {
      await this.#client.send({ to, content: String(number) });
    } catch {
      return;
    }
    const hasWaited = performance.now() - at >= RETRANSMIT_MS - 100;
    const once = wasOnline && changes === this.#changes && !hasWaited && this.kind !== 'udp';
    // On UDP messages are sent one at a time, so that early retransmission cannot reorder them.
    this.#journal.add({ kind: 'acknowledged', pair, number, once: once || this.kind === 'udp' });
  }

  moveTo(nodeId: string | undefined): void {
    this.#transport.drop(nodeId);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** A transport whose links go to one node or another. */
class RoamingTransport implements Transport {
  readonly kind;
  readonly maxSendBytes: number;
  readonly earlyRetransmission?: NonNullable<Transport['earlyRetransmission']>;
  readonly #kind: Kind;
  readonly #place: MeetingPlace;
  #preferred: string | undefined = undefined;
  #drop: () => void = () => {};
  node = '';

  constructor(kind: Kind, place: MeetingPlace) {
    const sample = transportOf(kind, { tcp: 1, udp: 1, ws: 1 });
    this.kind = sample.kind;
    this.maxSendBytes = sample.maxSendBytes;
    if (sample.earlyRetransmission !== undefined) this.earlyRetransmission = sample.earlyRetransmission;
    this.#kind = kind;
    this.#place = place;
  }

  connect(handler: LinkHandler): Link {
    const chosen = this.#place.choose(this.#preferred);
    this.#preferred = undefined;
    this.node = chosen.nodeId;
    let isDropped = false;
    const link = transportOf(this.#kind, chosen.ports).connect({
      opened: () => isDropped || handler.opened(),
      received: (frame) => isDropped || handler.received(frame),
      closed: (error) => isDropped || handler.closed(error),
    });
    this.#drop = () => {
      if (isDropped) return;
      isDropped = true;
      link.close();
      handler.closed(new Error('moved'));
    };
    return link;
  }

  drop(preferred: string | undefined): void {
    this.#preferred = preferred;
    this.#drop();
  }
}

function transportOf(kind: Kind, ports: Ports): Transport {
  const host = '127.0.0.1';
  if (kind === 'tcp') return tcp({ host, port: ports.tcp });
  if (kind === 'udp') return udp({ host, port: ports.udp });
  return websocket({ url: `ws://${host}:${ports.ws}/websocket` });
}
