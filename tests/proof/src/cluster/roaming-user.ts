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
import { pause } from '../traffic.js';
import type { JournalFile, Pair } from './journal.js';
import type { LoadBalancer } from './load-balancer.js';
import { machineTime } from './machine-clock.js';
import type { Member } from './population.js';
import { contentOf, type ProofUser, readContent } from './proof-user.js';

/** Wait before the first retransmission, in milliseconds. */
const RETRANSMIT_MS = 1000;

/** Our client. Each of its connections goes to a node that runs. */
export class RoamingUser implements ProofUser {
  readonly member: Member;
  readonly #client: ImClient;
  readonly #transport: RoamingTransport;
  readonly #journal: JournalFile;
  /** Number of times that it came online or lost its link. */
  #changes = 0;
  /** Whether the server has not told it the time of its first login yet. */
  #isFresh = true;

  constructor(member: Member, balancer: LoadBalancer, journal: JournalFile) {
    const { userId, transport } = member;
    this.member = member;
    this.#journal = journal;
    this.#transport = new RoamingTransport(transport, balancer, (node) => {
      if (this.#isFresh) journal.add({ kind: 'fresh', at: machineTime(), userId, node });
    });
    this.#client = createClient({
      transport: this.#transport,
      senseMode: 3,
      backoff: { minMs: 20, initialMs: 50, maxMs: 300 },
      retry: { waitMs: RETRANSMIT_MS, retries: 1000 },
      loginTimeoutMs: 3000,
      sendTimeoutMs: 120_000,
      connectTimeoutMs: 2000,
      logger: silentLogger,
    });
    this.#client.on('state', ({ previous, current }) => {
      this.#changes += 1;
      const at = machineTime();
      if (current === 'online') {
        this.#isFresh = false;
        journal.add({ kind: 'online', at, userId, node: this.#transport.node });
      } else if (previous === 'online') journal.add({ kind: 'offline', at, userId });
    });
    this.#client.on('kicked', ({ code }) => {
      journal.add({ kind: 'kicked', at: machineTime(), userId, code });
      this.#isFresh = true;
      this.start();
    });
    this.#client.on('message', ({ from: sender, content }) => {
      const pair: Pair = `${sender}>${userId}`;
      const { number, sentAt, from } = readContent(content);
      const node = this.#transport.node;
      journal.add({ kind: 'delivered', at: machineTime(), pair, number, sentAt, from, node });
    });
  }

  start(): void {
    const again = () => void pause(100).then(() => this.#client.state === 'idle' && this.start());
    this.#client.login({ userId: this.member.userId, token: 't' }).catch(again);
  }

  async send(to: string, number: number): Promise<void> {
    const pair: Pair = `${this.member.userId}>${to}`;
    const [changes, sentAt, wasOnline] = [this.#changes, machineTime(), this.#client.state === 'online'];
    this.#journal.add({ kind: 'sent', at: sentAt, pair, number });
    try {
      await this.#client.send({ to, content: contentOf(number, sentAt, this.#transport.node) });
    } catch {
      return;
    }
    const at = machineTime();
    const hasWaited = at - sentAt >= RETRANSMIT_MS - 100;
    const isOnce = wasOnline && changes === this.#changes && !hasWaited;
    // On UDP messages are sent one at a time, so that retransmissions cannot reorder them.
    const once = isOnce || this.member.transport === 'udp';
    this.#journal.add({ kind: 'acknowledged', at, pair, number, sentAt, once });
  }

  moveTo(nodeId: string): void {
    this.#transport.drop(nodeId);
  }
}

/** A transport whose links go to one node or another. */
class RoamingTransport implements Transport {
  readonly kind;
  readonly maxSendBytes: number;
  readonly earlyRetransmission?: NonNullable<Transport['earlyRetransmission']>;
  readonly #kind: Kind;
  readonly #balancer: LoadBalancer;
  readonly #connecting: (node: string) => void;
  #preferred: string | undefined = undefined;
  #drop: () => void = () => {};
  node = '';

  constructor(kind: Kind, balancer: LoadBalancer, connecting: (node: string) => void) {
    const sample = transportOf(kind, { tcp: 1, udp: 1, ws: 1 });
    this.kind = sample.kind;
    this.maxSendBytes = sample.maxSendBytes;
    if (sample.earlyRetransmission !== undefined) this.earlyRetransmission = sample.earlyRetransmission;
    this.#kind = kind;
    this.#balancer = balancer;
    this.#connecting = connecting;
  }

  connect(handler: LinkHandler): Link {
    const chosen = this.#balancer.choose(this.#preferred);
    this.#preferred = undefined;
    this.node = chosen.nodeId;
    this.#connecting(chosen.nodeId);
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
