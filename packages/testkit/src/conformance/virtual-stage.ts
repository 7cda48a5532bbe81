import { decodeUtf8, encodeUtf8, senseTimes, type TransportKind } from '@imcore/protocol';
import { createServer, type Hooks, type ImServer, type ServerOptions, silentLogger } from '@imcore/server';
import { FrameCutter, frame } from '../memory/frames.js';
import { DEFAULT_MAX_BODY_BYTES, memoryServerTransport } from '../memory/memory-server-transport.js';
import { SimulatedNetwork } from '../network/simulated-network.js';
import { SeededRandom } from '../seeded-random.js';
import { VirtualClock } from '../virtual-clock.js';
import type { Peer, PeerEvents, Stage } from './stage.js';

/** The clients' address, as the server sees it: not loopback, so that limits per address count. */
const CLIENT_ADDRESS = '10.0.0.1';
const PORTS: Readonly<Record<TransportKind, number>> = { tcp: 8901, udp: 7901, websocket: 3000 };
const TRANSPORTS: readonly TransportKind[] = ['tcp', 'udp', 'websocket'];

/** What a {@link VirtualStage} needs to put a server on it. */
interface VirtualStageOptions {
  readonly hooks?: Hooks;
  /** Everything else of the server's options; transports, clock and random are the stage's. */
  readonly server?: Omit<ServerOptions, 'transports' | 'hooks' | 'clock' | 'random'>;
  /** Called with each server that is put on stage, before it listens. */
  readonly onServer?: (server: ImServer) => void;
}

/**
 * A server of ours and its clients in virtual time, on a network that takes none: what a client sends is with the
 * server at the same instant. Sense mode 3 s on all three transports.
 */
export class VirtualStage implements Stage {
  readonly clock = new VirtualClock();
  readonly #options: VirtualStageOptions;
  readonly #network: SimulatedNetwork;
  #server: ImServer | undefined;

  constructor(options: VirtualStageOptions = {}) {
    this.#options = options;
    const random = new SeededRandom(1);
    this.#network = new SimulatedNetwork({ clock: this.clock, random, conditions: { latencyMs: [0, 0] } });
  }

  /** The server that is on. @throws Error while it is away. */
  get server(): ImServer {
    if (this.#server === undefined) throw new Error('the server is away');
    return this.#server;
  }

  /** Whether this is the server that is on, and not one that was killed. */
  isOn(server: ImServer): boolean {
    return this.#server === server;
  }

  async start(): Promise<void> {
    const { server: options = {}, hooks = {}, onServer } = this.#options;
    const server = createServer({
      logger: silentLogger,
      ...options,
      hooks,
      transports: TRANSPORTS.map((transport) =>
        memoryServerTransport({
          network: this.#network,
          transport,
          port: PORTS[transport],
          readTimeoutMs: senseTimes(3, transport).serverReadTimeoutMs,
        }),
      ),
      clock: this.clock,
    });
    onServer?.(server);
    await server.listen();
    this.#server = server;
  }

  /** Ends the server as a kill does: connections break, nobody is told anything. */
  async kill(): Promise<void> {
    const server = this.server;
    this.#server = undefined;
    this.#network.link(CLIENT_ADDRESS).cut();
    const closed = server.close({ drainMs: 0 });
    await this.clock.advanceAsync(0);
    await closed;
  }

  /** Resolves when the connection is open, or closed because nobody listens: at the same instant. */
  async connect(transport: TransportKind, events: PeerEvents): Promise<Peer> {
    const link = this.#network.link(CLIENT_ADDRESS);
    if (transport === 'udp') {
      const socket = link.openDatagrams(PORTS.udp, (bytes) => events.frame(decodeUtf8(bytes)));
      return {
        send: (body) => socket.send(encodeUtf8(body)),
        sendRaw: (bytes) => socket.send(Buffer.from(bytes).toString('latin1')),
        close: () => socket.close(),
      };
    }
    const end = link.connectStream(PORTS[transport]);
    const cutter = new FrameCutter(DEFAULT_MAX_BODY_BYTES[transport]);
    let hasClosed = false;
    end.attach({
      data: (bytes) => {
        cutter.push(bytes, (body) => {
          if (!hasClosed) events.frame(decodeUtf8(body));
          return !hasClosed;
        });
      },
      drained() {},
      closed: () => {
        if (!hasClosed) events.closed();
      },
    });
    await this.clock.advanceAsync(0);
    return {
      send: (body) => {
        end.write(frame(encodeUtf8(body)));
      },
      sendRaw: (bytes) => {
        end.write(Buffer.from(bytes).toString('latin1'));
      },
      close: () => {
        hasClosed = true;
        end.end();
      },
    };
  }
}
