import type { SeededRandom } from '@imcore/testkit';
import type { Schedule } from './schedule.js';

/** What may happen to packets. */
export interface Weather {
  /** Share of the datagrams to the client that are lost. */
  readonly lossToClient: number;
  readonly lossToServer: number;
  /** Share of the datagrams that arrive twice. */
  readonly repetition: number;
  /** Share of what the server writes that it loses itself, whatever the transport. */
  readonly lossInServer: number;
}

/** A link between the client and the server. Over a stream packets keep their order; datagrams do not. */
export class ModelLink {
  readonly kind: 'stream' | 'datagram';
  isOpen = true;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #weather: () => Weather;
  #lastToClient = 0;
  #lastToServer = 0;

  constructor(kind: 'stream' | 'datagram', schedule: Schedule, random: SeededRandom, weather: () => Weather) {
    this.kind = kind;
    this.#schedule = schedule;
    this.#random = random;
    this.#weather = weather;
  }

  toClient(arrive: () => void): void {
    const { lossInServer, lossToClient } = this.#weather();
    if (this.#random.chance(lossInServer)) return;
    this.#lastToClient = this.#carry(arrive, lossToClient, this.#lastToClient);
  }

  toServer(arrive: () => void): void {
    this.#lastToServer = this.#carry(arrive, this.#weather().lossToServer, this.#lastToServer);
  }

  /** Returns when it arrives. */
  #carry(arrive: () => void, loss: number, notBefore: number): number {
    const { now } = this.#schedule;
    const at = now + this.#random.between(5, 60);
    const run = () => {
      if (this.isOpen) arrive();
    };
    if (this.kind === 'stream') {
      const inOrder = Math.max(at, notBefore);
      this.#schedule.after(inOrder - now, run);
      return inOrder;
    }
    if (!this.#random.chance(loss)) this.#schedule.after(at - now, run);
    if (this.#random.chance(this.#weather().repetition))
      this.#schedule.after(this.#random.between(5, 400), run);
    return at;
  }
}
