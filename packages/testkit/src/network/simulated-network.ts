import type { BinaryString, Clock } from '@imcore/protocol';
import type { SeededRandom } from '../seeded-random.js';
import type { Direction, LinkConditions } from './link-conditions.js';
import { type DatagramFate, type LinkHost, SimulatedLink } from './simulated-link.js';
import type { StreamEnd } from './stream-end.js';

/** The first port that is given to a listener which asks for any. */
const FIRST_SERVER_PORT = 20_000;

/** A datagram as the server's socket gets it. */
export interface Datagram {
  readonly bytes: BinaryString;
  readonly address: string;
  readonly port: number;
}

/** What drives a simulated network, and how good it is. */
export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Conditions of links that are given none of their own. Default: {@link PERFECT_LINK}. */
  readonly conditions?: Partial<LinkConditions>;
  /** Hears of each datagram that did not simply arrive. */
  readonly observe?: (address: string, direction: Direction, fate: DatagramFate) => void;
}

/** A listener's hold on its port. */
export interface Listening {
  readonly port: number;
  close(): void;
}

/** A listener for datagrams, which can answer. */
export interface DatagramListening extends Listening {
  send(bytes: BinaryString, address: string, port: number): void;
}

/** Takes a connection of a client, by the address and port it came from. */
export type StreamAcceptor = (end: StreamEnd, address: string, port: number) => void;

/**
 * One server host and any number of clients, each with a link of its own to it.
 *
 * Everything happens through the given clock and is determined by the given random numbers.
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

  /** The link of the client at an address; made when it is first asked for. */
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

  /** Listens for streams; port 0 asks for a free one. @throws RangeError when the port is taken. */
  listenStreams(port: number, accept: StreamAcceptor): Listening {
    const bound = this.#bind(port, this.#streamListeners);
    this.#streamListeners.set(bound, accept);
    return { port: bound, close: () => this.#streamListeners.delete(bound) };
  }

  /** Listens for datagrams; port 0 asks for a free one. @throws RangeError when the port is taken. */
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
