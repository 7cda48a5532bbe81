import { decodeUtf8, encodeUtf8, senseTimes, type TransportKind } from '@imcore/protocol';
import { createServer, type Hooks, type ImServer, type ServerOptions, silentLogger } from '@imcore/server';
import { FrameCutter, frame } from '../memory/frames.js';
import { DEFAULT_MAX_BODY_BYTES, memoryServerTransport } from '../memory/memory-server-transport.js';
import { SimulatedNetwork } from '../network/simulated-network.js';
import { SeededRandom } from '../seeded-random.js';
import { VirtualClock } from '../virtual-clock.js';
import type { Peer, PeerEvents, Stage } from './stage.js';

/** The clients' address. Not loopback, so that limits per address apply. */
const CLIENT_ADDRESS = '10.0.0.1';
const PORTS: Readonly<Record<TransportKind, number>> = { tcp: 8901, udp: 7901, websocket: 3000 };
const TRANSPORTS: readonly TransportKind[] = ['tcp', 'udp', 'websocket'];

/** Options of a {@link VirtualStage}. */
interface VirtualStageOptions {
  /** Default: a clock of its own. */
  readonly clock?: VirtualClock;
  readonly hooks?: Hooks;
  /** Other options of the server. The stage sets transports, clock and random. */
  readonly server?: Omit<ServerOptions, 'transports' | 'hooks' | 'clock' | 'random'>;
  /** Called with each server before it listens. */
  readonly onServer?: (server: ImServer) => void;
}

/**
 * Our server and its clients in virtual time, on a network without latency: packets arrive at the instant at which they
 * are sent. Sense mode 3 s on all three transports.
 */
export class VirtualStage implements Stage {
  readonly clock: VirtualClock;
  readonly #options: VirtualStageOptions;
  readonly #network: SimulatedNetwork;
  #server: ImServer | undefined;

  constructor(options: VirtualStageOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock();
    const random = new SeededRandom(1);
    this.#network = new SimulatedNetwork({ clock: this.clock, random, conditions: { latencyMs: [0, 0] } });
  }

  /** The running server. @throws Error while it is down. */
  get server(): ImServer {
    if (this.#server === undefined) throw new Error('the server is down');
    return this.#server;
  }

  /** Whether this server is running, and not one that was killed. */
  isRunning(server: ImServer): boolean {
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

  /** Ends the server as `kill -9` does: connections break, and no session gets a packet. */
  async kill(): Promise<void> {
    const server = this.server;
    this.#server = undefined;
    this.#network.link(CLIENT_ADDRESS).cut();
    const closed = server.close({ drainMs: 0 });
    await this.clock.advanceAsync(0);
    await closed;
  }

  /** Resolves when the connection is open, or closed because no server listens: at the same instant. */
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
