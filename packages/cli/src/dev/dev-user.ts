import {
  createClient,
  type ImClient,
  silentLogger,
  type Transport,
  tcp,
  websocket,
} from '@imcore/client/node';
import type { Ledger } from './ledger.js';
import { LOOPBACK, type NodePorts } from './ports.js';

/** A message in a chat pane. */
export interface Entry {
  readonly id: number;
  readonly text: string;
  readonly direction: 'out' | 'in';
  state: 'sending' | 'acknowledged' | 'failed' | 'received';
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a user needs. */
interface DevUserOptions {
  readonly userId: string;
  readonly to: string;
  readonly transport: 'tcp' | 'websocket';
  readonly ledger: Ledger;
  /** The node for the next connection; undefined if none runs. */
  readonly choose: () => { readonly number: number; readonly ports: NodePorts } | undefined;
  readonly tell: (text: string, isProblem: boolean) => void;
}

const KEPT_ENTRIES = 60;
const SEND_TIMEOUT_MS = 120_000;
/** Where no node runs: nothing listens there. */
const NOWHERE = 1;

/** A client of the cluster with a real connection, whose conversation the page shows. */
export class DevUser {
  readonly userId: string;
  readonly transport: string;
  readonly entries: Entry[] = [];
  /** The node of its session, or of the last attempt. */
  node: number | undefined = undefined;
  readonly #options: DevUserOptions;
  readonly #client: ImClient;
  #nextId = 1;
  #lostAt: number | undefined = undefined;

  constructor(options: DevUserOptions) {
    this.userId = options.userId;
    this.transport = options.transport;
    this.#options = options;
    this.#client = createClient({
      transport: this.#transport(),
      senseMode: 3,
      backoff: { minMs: 50, initialMs: 200, maxMs: 1000 },
      sendTimeoutMs: SEND_TIMEOUT_MS,
      logger: silentLogger,
    });
    this.#client.on('message', ({ content, fingerprint }) => {
      if (fingerprint === undefined || !options.ledger.received(fingerprint)) return;
      this.#add(content, 'in', 'received');
    });
    this.#client.on('linkLost', () => {
      this.#lostAt = Date.now();
      options.tell(`lost node ${this.node}`, true);
    });
    this.#client.on('state', ({ current }) => {
      if (current === 'online') this.#online();
    });
    this.#client.on('kicked', () =>
      options.tell('was kicked out: somebody else has logged in with this name', true),
    );
  }

  get state(): string {
    return this.#client.state;
  }

  async login(): Promise<void> {
    await this.#client.login({ userId: this.userId });
  }

  send(text: string): void {
    const entry = this.#add(text, 'out', 'sending');
    const sending = this.#client.send({ to: this.#options.to, content: text });
    const { fingerprint = '' } = sending;
    const { ledger } = this.#options;
    ledger.sent(fingerprint);
    sending.then(
      () => {
        entry.state = 'acknowledged';
        ledger.acknowledged(fingerprint, Date.now());
      },
      () => {
        entry.state = 'failed';
        ledger.failed(fingerprint);
      },
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #online(): void {
    const { tell } = this.#options;
    const after =
      this.#lostAt === undefined ? '' : ` after ${((Date.now() - this.#lostAt) / 1000).toFixed(1)} s`;
    this.#lostAt = undefined;
    tell(`is online at node ${this.node}${after}`, false);
  }

  #add(text: string, direction: Entry['direction'], state: Entry['state']): Entry {
    const entry: Entry = { id: this.#nextId++, text, direction, state, at: Date.now() };
    this.entries.push(entry);
    if (this.entries.length > KEPT_ENTRIES) this.entries.shift();
    return entry;
  }

  /** Each connection goes to the node that is chosen for it. */
  #transport(): Transport {
    const isTcp = this.#options.transport === 'tcp';
    const to = (ports: NodePorts | undefined): Transport =>
      isTcp
        ? tcp({ host: LOOPBACK, port: ports?.tcp ?? NOWHERE })
        : websocket({ url: `ws://${LOOPBACK}:${ports?.webSocket ?? NOWHERE}/websocket` });
    const { kind, maxSendBytes } = to(undefined);
    return {
      kind,
      maxSendBytes,
      connect: (handler) => {
        const node = this.#options.choose();
        this.node = node?.number ?? this.node;
        return to(node?.ports).connect(handler);
      },
    };
  }
}
