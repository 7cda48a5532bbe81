import type { TransportKind } from '@imcore/protocol';
import { settlePromises, VirtualClock } from '@imcore/testkit';
import { createServer } from '../../src/create-server.js';
import type { ServerOptions } from '../../src/options.js';
import { silentLogger } from '../../src/ports/logger.js';
import type { ImServer } from '../../src/server.js';
import { type Peer, PeerGateway } from './peer-gateway.js';
import { type RecordedEvents, recordEvents } from './recorded-events.js';
import { type LoginFields, login } from './wire.js';

/** The wall clock's reading when a bench opens, in milliseconds since 1970. */
export const START_TIME = 1_700_000_000_000;

/** Turns that the longest chain of promises between a hook, the store and a session needs. */
const TURNS = 50;

/** How long after the machine's start a bench opens: a server in the field does not start at instant 0. */
const OPENS_AT_MS = 1_000_000;

export type BenchOptions = Omit<ServerOptions, 'gateways' | 'clock'>;

/** A listening server with a gateway of each transport, in virtual time. */
export class Bench {
  readonly clock: VirtualClock;
  readonly server: ImServer;
  readonly gateways: Readonly<Record<TransportKind, PeerGateway>>;
  readonly events: RecordedEvents;

  constructor(options: BenchOptions) {
    this.clock = new VirtualClock(START_TIME - OPENS_AT_MS);
    this.clock.advance(OPENS_AT_MS);
    this.gateways = {
      tcp: new PeerGateway('tcp'),
      udp: new PeerGateway('udp'),
      websocket: new PeerGateway('websocket'),
    };
    this.server = createServer({
      logger: silentLogger,
      ...options,
      gateways: Object.values(this.gateways),
      clock: this.clock,
    });
    this.events = recordEvents(this.server);
  }

  connect(transport: TransportKind = 'tcp', remoteAddress = '192.0.2.1'): Peer {
    return this.gateways[transport].connect(remoteAddress);
  }

  /** Connects a peer and logs it in. The login's answer is taken away. */
  async online(
    userId: string,
    transport: TransportKind = 'tcp',
    fields: LoginFields & { readonly remoteAddress?: string } = {},
  ): Promise<Peer> {
    const { remoteAddress, ...loginFields } = fields;
    const peer = this.connect(transport, remoteAddress);
    peer.write(login(userId, loginFields));
    await this.settle();
    if (peer.received[0]?.type !== 50 || peer.isClosed) throw new Error(`${userId} is not logged in`);
    peer.frames.shift();
    return peer;
  }

  /** Lets everything happen that is due now. */
  settle(): Promise<void> {
    return settlePromises(TURNS);
  }

  /** Lets so much time pass, in milliseconds. */
  async advance(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms, TURNS);
  }

  metric(name: string): number {
    const value = this.server.metrics()[name];
    if (value === undefined) throw new Error(`there is no metric ${name}`);
    return value;
  }

  /** {@link ImServer.close}, with the time passing that it takes. */
  async close(drainMs: number): Promise<void> {
    const closed = this.server.close({ drainMs });
    await this.advance(drainMs);
    await closed;
  }
}

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const bench = new Bench(options);
  await bench.server.listen();
  return bench;
}
