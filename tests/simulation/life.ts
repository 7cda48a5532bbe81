import type { Link, Transport } from '@imcore/client';
import type { Clock } from '@imcore/protocol';
import { MortalClock } from './mortal-clock.js';

/** What one run of a program has of the world. When it dies, its timers and links go with it. */
export class Life {
  readonly clock: MortalClock;
  readonly transport: Transport;
  readonly #links = new Set<Link>();

  constructor(clock: Clock, transport: Transport) {
    this.clock = new MortalClock(clock);
    this.transport = {
      kind: transport.kind,
      maxSendBytes: transport.maxSendBytes,
      connect: (handler) => {
        const link = transport.connect({
          opened: () => this.isOver || handler.opened(),
          received: (frame) => this.isOver || handler.received(frame),
          closed: (error) => this.isOver || handler.closed(error),
        });
        this.#links.add(link);
        return link;
      },
    };
  }

  get isOver(): boolean {
    return this.clock.isDead;
  }

  end(): void {
    this.clock.die();
    for (const link of this.#links) link.close();
  }
}
