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
import { type Peer, packetOf, proofQuestion, SocketStage } from '@imcore/testkit/conformance';
import { HOST, type Ports } from './harness-process.js';
import { Inbox } from './inbox.js';

/** An event of a client. */
type Report =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'kicked'; readonly code: number; readonly reason: string | undefined }
  | { readonly kind: 'linkLost'; readonly reason: string }
  | { readonly kind: 'state'; readonly state: string };

/** A client, and its events. */
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
    const matches = (report: Report) => report.kind === 'message' && report.message.content === content;
    const report = await this.reports.first(matches, `message to ${this.userId}`);
    if (report.kind !== 'message') throw new Error('not a message');
    return report.message;
  }
}

function transportTo(transport: TransportKind, ports: Ports): Transport {
  if (transport === 'tcp') return tcp({ host: HOST, port: ports.tcp });
  if (transport === 'udp') return udp({ host: HOST, port: ports.udp });
  return websocket({ url: `ws://${HOST}:${ports.websocket}/websocket` });
}

/** A packet, or the end, of a raw connection. */
type RawEvent = { readonly type: unknown; readonly packet: Readonly<Record<string, unknown>> } | 'closed';

/** A client without any logic: a socket that sends and receives packets, and proves its address. */
export class RawUser {
  readonly received: Inbox<RawEvent>;
  readonly #peer: Peer;

  private constructor(peer: Peer, received: Inbox<RawEvent>) {
    this.#peer = peer;
    this.received = received;
  }

  static async connect(transport: TransportKind, ports: Ports): Promise<RawUser> {
    const received = new Inbox<RawEvent>();
    const peer: Peer = await new SocketStage({ host: HOST, ports }).connect(transport, {
      frame: (body) => {
        const question = proofQuestion(body);
        if (question !== undefined) peer.send(question.acknowledgement);
        const packet = packetOf(body);
        received.push({ type: packet['type'], packet });
      },
      closeFrame() {},
      closed: () => received.push('closed'),
    });
    return new RawUser(peer, received);
  }

  send(packet: object): void {
    this.#peer.send(JSON.stringify(packet));
  }

  /** Logs in. Returns the first login time from the server's answer. */
  async login(userId: string, firstLoginTime = 0): Promise<number> {
    const content = { loginUserId: userId, loginToken: 'tok', firstLoginTime };
    this.send({ type: 0, dataContent: JSON.stringify(content), from: userId, to: '0' });
    const answer = await this.packet(50);
    return Number((JSON.parse(String(answer['dataContent'])) as { firstLoginTime: number }).firstLoginTime);
  }

  /** The first packet of this type, past or future. */
  async packet(type: number): Promise<Readonly<Record<string, unknown>>> {
    const event = await this.received.first(
      (seen) => seen !== 'closed' && seen.type === type,
      `packet of type ${type}`,
    );
    if (event === 'closed') throw new Error('not a packet');
    return event.packet;
  }

  async closed(deadlineMs?: number): Promise<void> {
    await this.received.first((seen) => seen === 'closed', 'end of the connection', deadlineMs);
  }

  /** How many packets of this type have arrived. */
  count(type: number): number {
    return this.received.items.filter((seen) => seen !== 'closed' && seen.type === type).length;
  }

  close(): void {
    this.#peer.close();
  }
}
