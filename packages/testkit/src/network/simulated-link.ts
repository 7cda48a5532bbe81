import type { BinaryString, Clock } from '@imcore/protocol';
import type { SeededRandom } from '../seeded-random.js';
import { DatagramSocket } from './datagram-socket.js';
import type { Direction, LinkConditions } from './link-conditions.js';
import { Passage } from './passage.js';
import { SimulatedStream } from './simulated-stream.js';
import type { StreamEnd } from './stream-end.js';

const BOTH: readonly Direction[] = ['to-server', 'to-client'];

/** The first port that a client's sockets get. */
const FIRST_CLIENT_PORT = 50_000;

/** What a link needs of the network behind it. */
export interface LinkHost {
  acceptStream(serverPort: number, end: StreamEnd, link: SimulatedLink, port: number): boolean;
  acceptDatagram(serverPort: number, bytes: BinaryString, link: SimulatedLink, port: number): void;
  /** Called for datagrams that were lost, duplicated or blocked. */
  observe(link: SimulatedLink, direction: Direction, fate: DatagramFate): void;
}

/** What can happen to a datagram besides arriving once. */
export type DatagramFate = 'lost' | 'duplicated' | 'blocked';

/** A client's link to the server: carries all its connections, and simulates their faults. */
export class SimulatedLink {
  /** The client's address, as the server sees it. */
  readonly address: string;
  readonly #host: LinkHost;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #passage: Passage;
  readonly #streams = new Set<SimulatedStream>();
  readonly #sockets = new Map<number, DatagramSocket>();
  #nextPort = FIRST_CLIENT_PORT;

  constructor(
    address: string,
    host: LinkHost,
    clock: Clock,
    random: SeededRandom,
    conditions: Partial<LinkConditions>,
  ) {
    this.address = address;
    this.#host = host;
    this.#clock = clock;
    this.#random = random;
    this.#passage = new Passage(conditions);
  }

  get isPartitioned(): boolean {
    return this.#passage.isPartitioned;
  }

  /** Changes the conditions of the link from now on. */
  setConditions(conditions: Partial<LinkConditions>): void {
    this.#passage.conditions = { ...this.#passage.conditions, ...conditions };
  }

  /** Opens a stream to a port of the server. It closes if no server listens there. */
  connectStream(serverPort: number): StreamEnd {
    const port = this.#nextPort++;
    const stream = new SimulatedStream(
      this.#passage,
      this.#clock,
      this.#random,
      (end) => this.#host.acceptStream(serverPort, end, this, port),
      (gone) => this.#streams.delete(gone),
    );
    this.#streams.add(stream);
    return stream.clientEnd;
  }

  openDatagrams(serverPort: number, receive: (bytes: BinaryString) => void): DatagramSocket {
    const socket = new DatagramSocket(
      { port: this.#nextPort++, serverPort },
      (sender, bytes) => this.#sendDatagram(sender, bytes),
      receive,
      (closed) => this.#sockets.delete(closed.port),
    );
    this.#sockets.set(socket.port, socket);
    return socket;
  }

  /** Sends a datagram to one of the client's ports. */
  deliverDatagram(port: number, bytes: BinaryString): void {
    this.#pass('to-client', () => this.#sockets.get(port)?.arrive(bytes));
  }

  /** Blocks both directions or the given ones: datagrams are lost, streams wait. */
  partition(directions: readonly Direction[] = BOTH): void {
    this.#passage.block(directions);
  }

  /** Ends a {@link partition}. */
  heal(): void {
    this.#passage.unblock();
    for (const stream of this.#streams) stream.heal();
  }

  /** Breaks all open connections. Both ends notice. */
  cut(): void {
    for (const stream of this.#streams) stream.cut();
  }

  /** Makes all open connections half-open: everything on them is lost, and neither end notices. */
  freeze(): void {
    for (const stream of this.#streams) stream.freeze();
  }

  /** Gives the client's datagrams new source ports, as a NAT does after a while. */
  rebind(): void {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    for (const socket of sockets) {
      socket.port = this.#nextPort++;
      this.#sockets.set(socket.port, socket);
    }
  }

  #sendDatagram(socket: DatagramSocket, bytes: BinaryString): void {
    const { port, serverPort } = socket;
    this.#pass('to-server', () => this.#host.acceptDatagram(serverPort, bytes, this, port));
  }

  #pass(direction: Direction, arrive: () => void): void {
    const { loss, duplication, latencyMs } = this.#passage.conditions;
    if (this.#passage.isBlocked(direction)) {
      this.#host.observe(this, direction, 'blocked');
      return;
    }
    const isLost = this.#random.chance(loss);
    const isDuplicated = this.#random.chance(duplication);
    if (isLost) this.#host.observe(this, direction, 'lost');
    if (isDuplicated) this.#host.observe(this, direction, 'duplicated');
    for (let copies = (isLost ? 0 : 1) + (isDuplicated ? 1 : 0); copies > 0; copies--) {
      this.#clock.schedule(this.#clock.now() + this.#random.between(latencyMs[0], latencyMs[1]), arrive);
    }
  }
}
