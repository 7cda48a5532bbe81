import type { Link, Transport } from '@imcore/client';
import type { Clock } from '@imcore/protocol';
import { CrashableClock } from './crashable-clock.js';

/** A client program's clock and transport. A crash cancels its timers and closes its links. */
export class ClientProcess {
  readonly clock: CrashableClock;
  readonly transport: Transport;
  readonly #links = new Set<Link>();

  constructor(clock: Clock, transport: Transport) {
    this.clock = new CrashableClock(clock);
    this.transport = {
      kind: transport.kind,
      maxSendBytes: transport.maxSendBytes,
      connect: (handler) => {
        const link = transport.connect({
          opened: () => this.hasCrashed || handler.opened(),
          received: (frame) => this.hasCrashed || handler.received(frame),
          closed: (error) => this.hasCrashed || handler.closed(error),
        });
        this.#links.add(link);
        return link;
      },
    };
  }

  get hasCrashed(): boolean {
    return this.clock.hasCrashed;
  }

  crash(): void {
    this.clock.crash();
    for (const link of this.#links) link.close();
  }
}
