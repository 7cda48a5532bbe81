import { createClient, type ImClient, silentLogger } from '@imcore/client';
import { outboxOn } from '@imcore/client/outbox';
import { createServer, type ImServer, memoryStore } from '@imcore/server';
import {
  memoryOutbox,
  memoryServerTransport,
  memoryTransport,
  SeededRandom,
  SimulatedNetwork,
  VirtualClock,
} from '@imcore/testkit';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';

const PORT = 8901;
const HOUR_MS = 60 * 60 * 1000;

/** A real server and real clients on a simulated network and a virtual clock, and React trees in a document. */
export class ChatScene {
  readonly clock = new VirtualClock();
  readonly #network = new SimulatedNetwork({ clock: this.clock, random: new SeededRandom(1) });
  readonly #random = new SeededRandom(2);
  readonly #clients: ImClient[] = [];
  readonly #roots: Root[] = [];
  #server: ImServer | undefined;
  /** Whether the server takes messages. */
  authorize = (): boolean => true;

  async startServer(): Promise<void> {
    const server = createServer({
      transports: [memoryServerTransport({ network: this.#network, transport: 'tcp', port: PORT })],
      clock: this.clock,
      logger: silentLogger,
      hooks: { authorizeMessage: () => this.authorize() },
      store: memoryStore({ historyMs: HOUR_MS, wallTime: () => this.clock.wallTime() }),
    });
    await server.listen();
    this.#server = server;
  }

  /** A client that is not logged in. Without `isDevice` it stays at level `'v6'`. */
  client(isDevice = true): ImClient {
    const client = createClient({
      transport: memoryTransport({
        link: this.#network.link(`client ${this.#clients.length}`),
        kind: 'tcp',
        port: PORT,
      }),
      clock: this.clock,
      random: this.#random.next,
      logger: silentLogger,
      ...(isDevice && { outbox: outboxOn(memoryOutbox()) }),
    });
    this.#clients.push(client);
    return client;
  }

  /** A client that is logged in. */
  async online(userId: string): Promise<ImClient> {
    const client = this.client();
    const login = client.login({ userId });
    await this.pass(100);
    await login;
    return client;
  }

  /** Renders a tree into an element of its own. */
  async render(tree: ReactNode): Promise<{ readonly element: HTMLElement; readonly root: Root }> {
    const element = document.createElement('div');
    document.body.append(element);
    const root = createRoot(element);
    this.#roots.push(root);
    await act(async () => root.render(tree));
    return { element, root };
  }

  /** Lets time pass, and React render what has changed. */
  async pass(ms: number): Promise<void> {
    await act(() => this.clock.advanceAsync(ms, 20));
  }

  async end(): Promise<void> {
    await act(async () => {
      for (const root of this.#roots) root.unmount();
    });
    await Promise.all(this.#clients.map((client) => client.close()));
    const closing = this.#server?.close({ drainMs: 0 });
    await this.clock.advanceAsync(1000, 50);
    await closing;
    document.body.replaceChildren();
  }
}
