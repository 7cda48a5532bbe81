import type { BinaryString, Clock } from '@imcore/protocol';
import type { SeededRandom } from '../seeded-random.js';
import type { Passage } from './passage.js';
import { Pipe, type SegmentKind } from './pipe.js';
import { StreamEnd } from './stream-end.js';

/** Accepts a client's connection at the server's end, or rejects it. */
type Acceptor = (end: StreamEnd) => boolean;

/** A connection between a client and the server over a link: two ends, and a pipe for each direction. */
export class SimulatedStream {
  readonly clientEnd: StreamEnd;
  readonly #serverEnd: StreamEnd;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;
  readonly #passage: Passage;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #accept: Acceptor;
  #hasArrived = false;

  /** `onGone` is called when both ends are closed. */
  constructor(
    passage: Passage,
    clock: Clock,
    random: SeededRandom,
    accept: Acceptor,
    onGone: (stream: SimulatedStream) => void,
  ) {
    this.#passage = passage;
    this.#clock = clock;
    this.#random = random;
    this.#accept = accept;
    const onClosed = () => {
      if (this.clientEnd.isClosed && (this.#serverEnd.isClosed || !this.#hasArrived)) onGone(this);
    };
    this.clientEnd = new StreamEnd(clock, onClosed);
    this.#serverEnd = new StreamEnd(clock, onClosed);
    this.#toServer = new Pipe('to-server', passage, clock, random, (kind, bytes) => this.#serve(kind, bytes));
    this.#toClient = new Pipe('to-client', passage, clock, random, (kind, bytes) =>
      this.clientEnd.receive(kind, bytes),
    );
    this.clientEnd.join(this.#toServer, this.#serverEnd, false);
    this.#serverEnd.join(this.#toClient, this.clientEnd, true);
    this.#toServer.put('open');
  }

  /** Breaks the connection: what is in transit is lost, and each end notices after a latency. */
  cut(): void {
    this.freeze();
    const [shortest, longest] = this.#passage.conditions.latencyMs;
    for (const end of [this.clientEnd, this.#serverEnd]) {
      const noticesAt = this.#clock.now() + this.#random.between(shortest, longest);
      this.#clock.schedule(noticesAt, () => end.fail());
    }
  }

  /** Makes the connection half-open: everything is lost, also the end of either side, and neither end notices. */
  freeze(): void {
    this.#toServer.vanish();
    this.#toClient.vanish();
  }

  heal(): void {
    this.#toServer.heal();
    this.#toClient.heal();
  }

  #serve(kind: SegmentKind, bytes: BinaryString): void {
    if (kind !== 'open') {
      this.#serverEnd.receive(kind, bytes);
      return;
    }
    this.#hasArrived = true;
    if (this.#accept(this.#serverEnd)) this.#toClient.put('open');
    else this.#serverEnd.destroy();
  }
}
