import { createClient, type ImClient, type OutboxMessage, silentLogger } from '@imcore/client';
import { outboxOn } from '@imcore/client/outbox';
import { createServer, type Hooks, type ImServer, type MessageStore, memoryStore } from '@imcore/server';
import {
  type MemoryOutbox,
  memoryServerTransport,
  memoryTransport,
  SeededRandom,
  type SimulatedLink,
  SimulatedNetwork,
  VirtualClock,
} from '@imcore/testkit';
import { ChatSession } from '../../src/chat/chat-session.js';
import { PlainScreen } from '../../src/chat/plain-screen.js';

const PORT = 8901;

/** What a chat may have besides its user. */
interface JoinOptions {
  readonly to?: string;
  readonly token?: string;
  /** The first attempt to print this line fails. */
  readonly failsAt?: string;
  /** Makes it a device. Default: a client of MobileIMSDK. */
  readonly outbox?: MemoryOutbox;
  readonly historyLines?: number;
}

/** A real server and real clients on a simulated network and a virtual clock. */
export class ChatBench {
  readonly clock = new VirtualClock();
  readonly network = new SimulatedNetwork({ clock: this.clock, random: new SeededRandom(1) });
  server: ImServer | undefined;
  readonly #random = new SeededRandom(2);

  async startServer(hooks: Hooks = {}, store: MessageStore | 'none' = memoryStore()): Promise<ImServer> {
    const server = createServer({
      transports: [memoryServerTransport({ network: this.network, transport: 'tcp', port: PORT })],
      clock: this.clock,
      logger: silentLogger,
      hooks,
      ...(store !== 'none' && { store }),
    });
    await server.listen();
    this.server = server;
    return server;
  }

  async join(user: string, options: JoinOptions = {}) {
    const { to, token, failsAt, outbox, historyLines = 10 } = options;
    const lines: string[] = [];
    let hasFailed = false;
    const write = (text: string) => {
      if (text.trimEnd() === failsAt && !hasFailed) {
        hasFailed = true;
        throw new Error('the terminal is gone');
      }
      return lines.push(text.trimEnd());
    };
    const link = this.network.link(user);
    const client = this.client(link, outbox);
    const restored: OutboxMessage[] = [];
    client.on('restored', ({ messages }) => restored.push(...messages));
    if (outbox !== undefined) await client.openOutbox(user);
    const session = new ChatSession({
      client,
      screen: new PlainScreen(write, write, () => this.clock.wallTime()),
      context: { user, url: 'tcp://h:1', isDevice: outbox !== undefined },
      token,
      to,
      clock: this.clock,
      historyLines,
      restored,
    });
    const chat = { session, lines, code: undefined as number | undefined, link };
    void session.ended.then((code) => {
      chat.code = code;
    });
    await this.pass(100);
    return chat;
  }

  /** A client of the SDK; with `outbox` a device. */
  client(link: SimulatedLink, outbox?: MemoryOutbox): ImClient {
    return createClient({
      transport: memoryTransport({ link, kind: 'tcp', port: PORT }),
      clock: this.clock,
      random: this.#random.next,
      logger: silentLogger,
      ...(outbox !== undefined && { outbox: outboxOn(outbox), device: { kind: 'web', name: 'Chrome' } }),
    });
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms, 50);
  }
}
