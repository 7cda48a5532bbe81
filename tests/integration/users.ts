import { type ClientSettings, silentLogger } from '@imcore/client';
import {
  createClient,
  type ImClient,
  type Message,
  type Transport,
  tcp,
  udp,
  websocket,
} from '@imcore/client/node';
import type { TransportKind } from '@imcore/protocol';
import { type Peer, packetOf, SocketStage } from '@imcore/testkit/conformance';
import { HOST, type Ports } from './harness-process.js';
import { Inbox } from './inbox.js';

/** Something that a client reported. */
type Report =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'kicked'; readonly code: number; readonly reason: string | undefined }
  | { readonly kind: 'linkLost'; readonly reason: string }
  | { readonly kind: 'state'; readonly state: string };

/** A client of ours and what it reported. */
export class TestUser {
  readonly userId: string;
  readonly client: ImClient;
  readonly reports = new Inbox<Report>();

  constructor(userId: string, transport: TransportKind, ports: Ports, settings: ClientSettings = {}) {
    this.userId = userId;
    this.client = createClient({
      transport: transportTo(transport, ports),
      senseMode: 3,
      ...settings,
      logger: silentLogger,
    });
    this.client.on('message', (message) => this.reports.push({ kind: 'message', message }));
    this.client.on('kicked', (kicked) => this.reports.push({ kind: 'kicked', ...kicked }));
    this.client.on('linkLost', ({ reason }) => this.reports.push({ kind: 'linkLost', reason }));
    this.client.on('state', ({ current }) => this.reports.push({ kind: 'state', state: current }));
  }

  get messages(): Message[] {
    return this.reports.items.flatMap((report) => (report.kind === 'message' ? [report.message] : []));
  }

  async message(content: string): Promise<Message> {
    const isIt = (report: Report) => report.kind === 'message' && report.message.content === content;
    const report = await this.reports.first(isIt, `message to ${this.userId}`);
    if (report.kind !== 'message') throw new Error('not a message');
    return report.message;
  }
}

function transportTo(transport: TransportKind, ports: Ports): Transport {
  if (transport === 'tcp') return tcp({ host: HOST, port: ports.tcp });
  if (transport === 'udp') return udp({ host: HOST, port: ports.udp });
  return websocket({ url: `ws://${HOST}:${ports.websocket}/websocket` });
}

/** What a raw connection saw. */
type Sight = { readonly type: unknown; readonly packet: Readonly<Record<string, unknown>> } | 'closed';

/** A client that is nothing but a socket. */
export class RawUser {
  readonly sights: Inbox<Sight>;
  readonly #peer: Peer;

  private constructor(peer: Peer, sights: Inbox<Sight>) {
    this.#peer = peer;
    this.sights = sights;
  }

  static async connect(transport: TransportKind, ports: Ports): Promise<RawUser> {
    const sights = new Inbox<Sight>();
    const peer = await new SocketStage({ host: HOST, ports }).connect(transport, {
      frame: (body) => {
        const packet = packetOf(body);
        sights.push({ type: packet['type'], packet });
      },
      closeFrame() {},
      closed: () => sights.push('closed'),
    });
    return new RawUser(peer, sights);
  }

  send(packet: object): void {
    this.#peer.send(JSON.stringify(packet));
  }

  /** Logs in and returns the time that the server answered. */
  async login(userId: string, firstLoginTime = 0): Promise<number> {
    const content = { loginUserId: userId, loginToken: 'tok', firstLoginTime };
    this.send({ type: 0, dataContent: JSON.stringify(content), from: userId, to: '0' });
    const answer = await this.packet(50);
    return Number((JSON.parse(String(answer['dataContent'])) as { firstLoginTime: number }).firstLoginTime);
  }

  /** The first packet of this type, come or to come. */
  async packet(type: number): Promise<Readonly<Record<string, unknown>>> {
    const sight = await this.sights.first(
      (seen) => seen !== 'closed' && seen.type === type,
      `packet of type ${type}`,
    );
    if (sight === 'closed') throw new Error('not a packet');
    return sight.packet;
  }

  async closed(deadlineMs?: number): Promise<void> {
    await this.sights.first((seen) => seen === 'closed', 'end of the connection', deadlineMs);
  }

  /** How many packets of this type have come. */
  count(type: number): number {
    return this.sights.items.filter((seen) => seen !== 'closed' && seen.type === type).length;
  }

  close(): void {
    this.#peer.close();
  }
}
