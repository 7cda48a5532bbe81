import type { TransportKind } from '@imcore/protocol';
import { settlePromises, VirtualClock } from '@imcore/testkit';
import { createServer } from '../../src/create-server.js';
import { InternalError } from '../../src/errors.js';
import type { ServerOptions } from '../../src/options.js';
import { silentLogger } from '../../src/ports/logger.js';
import type { ImServer } from '../../src/server.js';
import { type Peer, PeerTransport } from './peer-transport.js';
import { type RecordedEvents, recordEvents } from './recorded-events.js';
import { type LoginFields, login } from './wire.js';

/** The wall clock's reading when a bench opens, in milliseconds since 1970. */
export const START_TIME = 1_700_000_000_000;

/** Turns of the longest chain of promises between a hook, the store and a session. */
const TURNS = 50;

/** The instant at which a bench opens: a real server does not start at instant 0. */
const OPENS_AT_MS = 1_000_000;

export type BenchOptions = Omit<ServerOptions, 'transports' | 'clock'>;

/** A listening server with one transport of each kind, in virtual time. */
export class Bench {
  readonly clock: VirtualClock;
  readonly server: ImServer;
  readonly transports: Readonly<Record<TransportKind, PeerTransport>>;
  readonly events: RecordedEvents;

  /** `clock`: shared with other benches. */
  constructor(options: BenchOptions, clock: VirtualClock = newClock()) {
    this.clock = clock;
    this.transports = {
      tcp: new PeerTransport('tcp'),
      udp: new PeerTransport('udp'),
      websocket: new PeerTransport('websocket'),
    };
    this.server = createServer({
      logger: silentLogger,
      ...options,
      transports: Object.values(this.transports),
      clock: this.clock,
    });
    this.events = recordEvents(this.server);
    // A bug that the server reports fails the whole run.
    this.server.on('error', (error) => {
      if (error instanceof InternalError)
        queueMicrotask(() => {
          throw error;
        });
    });
  }

  connect(transport: TransportKind = 'tcp', remoteAddress = '192.0.2.1'): Peer {
    return this.transports[transport].connect(remoteAddress);
  }

  /** Connects a peer and logs it in. The login response is removed from its frames. */
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

  /** Runs everything that is due now. */
  settle(): Promise<void> {
    return settlePromises(TURNS);
  }

  /** Advances the clock, in milliseconds. */
  async advance(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms, TURNS);
  }

  metric(name: string): number {
    const value = this.server.metrics()[name];
    if (value === undefined) throw new Error(`there is no metric ${name}`);
    return value;
  }

  /** Calls {@link ImServer.close} and advances the clock by `drainMs`. */
  async close(drainMs: number): Promise<void> {
    const closed = this.server.close({ drainMs });
    await this.advance(drainMs);
    await closed;
  }
}

/** A clock that reads {@link START_TIME}. */
export function newClock(): VirtualClock {
  const clock = new VirtualClock(START_TIME - OPENS_AT_MS);
  clock.advance(OPENS_AT_MS);
  return clock;
}

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const bench = new Bench(options);
  await bench.server.listen();
  return bench;
}
