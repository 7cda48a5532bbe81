import { ImClient } from './client.js';
import { UsageError } from './errors.js';
import { consoleLogger } from './logger.js';
import { type ClientOptions, checkSettings, type Endpoint } from './options.js';
import { browserSignals } from './platform-signals.js';
import { SystemClock } from './system-clock.js';
import { createSystemRandom } from './system-random.js';
import type { Transport } from './transport.js';
import { websocket } from './websocket-transport.js';

/**
 * Creates a client. It does not connect until `login` is called.
 *
 * Takes `{ url: 'wss://…' }` for the platform's WebSocket, or `{ transport }`. `@imcore/client/node` has transports for
 * TCP and UDP, and a `createClient` that accepts their URLs.
 *
 * @throws UsageError `ERR_INVALID_OPTION`; the message names the option.
 */
export function createClient(options: ClientOptions): ImClient {
  return assembleClient(options, (url) => websocket({ url }));
}

/** Creates a client from options; `transportFor` maps a URL to a transport of the platform. */
export function assembleClient(options: ClientOptions, transportFor: (url: string) => Transport): ImClient {
  const transport = chooseTransport(options, transportFor);
  return new ImClient({
    transport,
    settings: checkSettings(options, transport),
    clock: options.clock ?? new SystemClock(),
    random: options.random ?? createSystemRandom(),
    logger: options.logger ?? consoleLogger,
    outbox: options.outbox,
    signals: options.signals ?? browserSignals,
  });
}

function chooseTransport({ url, transport }: Endpoint, transportFor: (url: string) => Transport): Transport {
  if (transport !== undefined && url === undefined) return transport;
  if (url !== undefined && transport === undefined) return transportFor(url);
  throw new UsageError('ERR_INVALID_OPTION', 'exactly one of the options "url" and "transport" is required');
}
