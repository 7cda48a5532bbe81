import type { BinaryString } from '@imcore/protocol';
import type { ServerTransport, TransportAddress } from '@imcore/server/ports';
import { afterEach } from 'vitest';
import {
  type CreateServerTransportFixture,
  type RecordingHandler,
  RecordingHost,
  type ServerTransportFixture,
  type ServerTransportPeer,
} from './server-transport-fixture.js';

/** A peer and the server's side of the same connection. */
interface Pair {
  readonly peer: ServerTransportPeer;
  readonly handler: RecordingHandler;
}

/** A listening transport with its fixture and host, and the first steps of most tests. */
export class TransportBench {
  readonly fixture: ServerTransportFixture;
  readonly host: RecordingHost;
  readonly address: TransportAddress;

  constructor(fixture: ServerTransportFixture, host: RecordingHost, address: TransportAddress) {
    this.fixture = fixture;
    this.host = host;
    this.address = address;
  }

  get transport(): ServerTransport {
    return this.fixture.transport;
  }

  until(condition: () => boolean): Promise<void> {
    return this.fixture.until(condition);
  }

  connect(): Promise<ServerTransportPeer> {
    return this.fixture.connect(this.address);
  }

  /** Connects a peer and sends a body, since on UDP there is no connection before the first datagram. */
  async pair(hello: BinaryString = 'hello'): Promise<Pair> {
    const peer = await this.connect();
    peer.send(hello);
    await this.until(() => this.#handlerOf(hello) !== undefined);
    const handler = this.#handlerOf(hello);
    if (handler === undefined) throw new Error('the connection was not found');
    handler.received.length = 0;
    return { peer, handler };
  }

  #handlerOf(hello: BinaryString): RecordingHandler | undefined {
    return this.host.handlers.find(({ received }) => received.includes(hello));
  }
}

/** Returns a function that opens a bench, which is closed after the test. */
export function benches(create: CreateServerTransportFixture): (port?: number) => Promise<TransportBench> {
  const open: ServerTransportFixture[] = [];
  afterEach(async () => {
    for (const fixture of open.splice(0)) {
      await fixture.transport.close();
      await fixture.dispose();
    }
  });
  return async (port = 0) => {
    const fixture = await create({ port });
    open.push(fixture);
    const host = new RecordingHost();
    const address = await fixture.transport.listen(host);
    return new TransportBench(fixture, host, address);
  };
}

/** Distinct bodies of increasing length, up to `maxBytes` each. */
export function bodies(count: number, maxBytes: number): BinaryString[] {
  return Array.from({ length: count }, (_, index) => {
    const text = `${index}:`;
    return text.padEnd(Math.max(text.length, Math.floor(((index + 1) * maxBytes) / count)), 'x');
  });
}
