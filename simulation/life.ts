import type { Link, Transport } from '@imcore/client';
import type { Clock, Scheduled } from '@imcore/protocol';

/** What one run of a program has of the world. When it dies, its timers and links go with it. */
export class Life {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly #scheduled = new Set<Scheduled>();
  readonly #links = new Set<Link>();
  #isOver = false;

  constructor(clock: Clock, transport: Transport) {
    this.clock = {
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      schedule: (at, run) => this.#schedule(clock, at, run),
    };
    this.transport = {
      kind: transport.kind,
      maxSendBytes: transport.maxSendBytes,
      connect: (handler) => {
        const link = transport.connect({
          opened: () => this.#isOver || handler.opened(),
          received: (frame) => this.#isOver || handler.received(frame),
          closed: (error) => this.#isOver || handler.closed(error),
        });
        this.#links.add(link);
        return link;
      },
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    for (const scheduled of this.#scheduled) scheduled.cancel();
    for (const link of this.#links) link.close();
  }

  #schedule(clock: Clock, at: number, run: () => void): Scheduled {
    const scheduled = clock.schedule(at, () => {
      this.#scheduled.delete(scheduled);
      run();
    });
    this.#scheduled.add(scheduled);
    return {
      cancel: () => {
        this.#scheduled.delete(scheduled);
        scheduled.cancel();
      },
    };
  }
}
