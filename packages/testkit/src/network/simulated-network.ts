import type { BinaryString, Clock } from '@imcore/protocol';
import type { SeededRandom } from '../seeded-random.js';
import type { Direction, LinkConditions } from './link-conditions.js';
import { type DatagramFate, type LinkHost, SimulatedLink } from './simulated-link.js';
import type { StreamEnd } from './stream-end.js';

/** The first port for a listener that asks for port 0. */
const FIRST_SERVER_PORT = 20_000;

/** A datagram as the server receives it. */
export interface Datagram {
  readonly bytes: BinaryString;
  readonly address: string;
  readonly port: number;
}

/** Options of a {@link SimulatedNetwork}. */
export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Conditions of new links. Default: {@link PERFECT_LINK}. */
  readonly conditions?: Partial<LinkConditions>;
  /** Called for each datagram that was lost, duplicated or blocked. */
  readonly observe?: (address: string, direction: Direction, fate: DatagramFate) => void;
}

/** A listener on a port of the server. */
export interface Listening {
  readonly port: number;
  close(): void;
}

/** A listener for datagrams, which can send as well. */
export interface DatagramListening extends Listening {
  send(bytes: BinaryString, address: string, port: number): void;
}

/** Accepts a connection from a client's address and port. */
export type StreamAcceptor = (end: StreamEnd, address: string, port: number) => void;

/**
 * One server host and any number of clients, each with its own link to it.
 *
 * The clock drives everything, and the random numbers determine it.
 */
export class SimulatedNetwork {
  readonly clock: Clock;
  readonly #random: SeededRandom;
  readonly #conditions: Partial<LinkConditions>;
  readonly #links = new Map<string, SimulatedLink>();
  readonly #streamListeners = new Map<number, StreamAcceptor>();
  readonly #datagramListeners = new Map<number, (datagram: Datagram) => void>();
  readonly #linkHost: LinkHost;
  #nextPort = FIRST_SERVER_PORT;

  constructor(options: NetworkOptions) {
    this.clock = options.clock;
    this.#random = options.random;
    this.#conditions = options.conditions ?? {};
    this.#linkHost = {
      acceptStream: (serverPort, end, link, port) => {
        const accept = this.#streamListeners.get(serverPort);
        accept?.(end, link.address, port);
        return accept !== undefined;
      },
      acceptDatagram: (serverPort, bytes, link, port) =>
        this.#datagramListeners.get(serverPort)?.({ bytes, address: link.address, port }),
      observe: (link, direction, fate) => options.observe?.(link.address, direction, fate),
    };
  }

  /** The link of the client at an address; created by the first call. */
  link(address: string): SimulatedLink {
    const known = this.#links.get(address);
    if (known !== undefined) return known;
    const link = new SimulatedLink(
      address,
      this.#linkHost,
      this.clock,
      this.#random.fork(address),
      this.#conditions,
    );
    this.#links.set(address, link);
    return link;
  }

  /** Listens for streams; port 0 takes a free one. @throws RangeError when the port is taken. */
  listenStreams(port: number, accept: StreamAcceptor): Listening {
    const bound = this.#bind(port, this.#streamListeners);
    this.#streamListeners.set(bound, accept);
    return { port: bound, close: () => this.#streamListeners.delete(bound) };
  }

  /** Listens for datagrams; port 0 takes a free one. @throws RangeError when the port is taken. */
  listenDatagrams(port: number, receive: (datagram: Datagram) => void): DatagramListening {
    const bound = this.#bind(port, this.#datagramListeners);
    this.#datagramListeners.set(bound, receive);
    return {
      port: bound,
      close: () => this.#datagramListeners.delete(bound),
      send: (bytes, address, clientPort) => this.#links.get(address)?.deliverDatagram(clientPort, bytes),
    };
  }

  #bind(port: number, taken: ReadonlyMap<number, unknown>): number {
    const bound = port === 0 ? this.#nextPort++ : port;
    if (taken.has(bound)) throw new RangeError(`port ${bound} is taken`);
    return bound;
  }
}
