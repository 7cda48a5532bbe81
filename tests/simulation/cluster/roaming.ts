import type { Transport } from '@imcore/client';
import type { TransportKind } from '@imcore/protocol';
import { memoryTransport, type SeededRandom, type SimulatedLink } from '@imcore/testkit';

/** How a device reaches a node. */
interface Way {
  readonly link: SimulatedLink;
  readonly port: number;
}

/** A device's transport to a cluster: each connection goes to a random node, on a link of its own. */
export class Roaming {
  readonly transport: Transport;
  readonly links: readonly SimulatedLink[];

  constructor(kind: TransportKind, ways: readonly Way[], random: SeededRandom) {
    const transports = ways.map(({ link, port }) => memoryTransport({ link, kind, port }));
    this.links = ways.map(({ link }) => link);
    const [first] = transports;
    if (first === undefined) throw new RangeError('there is no node to connect to');
    this.transport = { ...first, connect: (handler) => random.pick(transports).connect(handler) };
  }

  /** Breaks the connection. The device comes back at any node. */
  hop(): void {
    for (const link of this.links) link.cut();
  }
}
