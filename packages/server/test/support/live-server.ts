import { afterEach } from 'vitest';
import { createServer } from '../../src/create-server.js';
import type { ServerOptions } from '../../src/options.js';
import { silentLogger } from '../../src/ports/logger.js';
import type { ServerTransport } from '../../src/ports/transport.js';
import type { ImServer } from '../../src/server.js';
import { type RecordedEvents, recordEvents } from './recorded-events.js';

/** A server with sockets of the operating system. */
interface LiveServer {
  readonly server: ImServer;
  readonly events: RecordedEvents;
  /** Where the transports listen, in their order. */
  readonly ports: readonly number[];
}

/** Returns a function that starts servers; those that a test has started are closed behind it. */
export function liveServers(): (
  transports: readonly ServerTransport[],
  options?: Partial<ServerOptions>,
) => Promise<LiveServer> {
  const open: ImServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close({ drainMs: 0 })));
  });
  return async (transports, options = {}) => {
    const server = createServer({ logger: silentLogger, ...options, transports });
    open.push(server);
    const events = recordEvents(server);
    const addresses = await server.listen();
    return { server, events, ports: addresses.map(({ port }) => port) };
  };
}

/** The first of some ports. */
export function firstOf(ports: readonly number[]): number {
  const [port] = ports;
  if (port === undefined) throw new Error('the server listens nowhere');
  return port;
}
