import type { ImClient } from '../client.js';
import { assembleClient } from '../create-client.js';
import { UsageError } from '../errors.js';
import type { ClientOptions } from '../options.js';
import type { Transport } from '../transport.js';
import { tcp } from './tcp.js';
import { udp } from './udp.js';
import { websocket } from './websocket.js';

/**
 * Creates a client on Node.js. It does not connect until `login` is called.
 *
 * Takes `{ transport }`, or the URL of any transport: `tcp://host:8901`, `tls://host:8901`, `udp://host:7901`,
 * `ws://host:3000/websocket`, `wss://…`. Default ports: TCP and TLS 8901, UDP 7901.
 *
 * @throws UsageError `ERR_INVALID_OPTION`; the message names the option.
 */
export function createClient(options: ClientOptions): ImClient {
  return assembleClient(options, transportForUrl);
}

/** Creates the transport for a URL, with default options. @throws UsageError `ERR_INVALID_OPTION` */
export function transportForUrl(url: string): Transport {
  const { protocol, hostname, port } = parse(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = { host, ...(port !== '' && { port: Number(port) }) };
  switch (protocol) {
    case 'ws:':
    case 'wss:':
      return websocket({ url });
    case 'tcp:':
      return tcp(endpoint);
    case 'tls:':
      return tcp({ ...endpoint, tls: true });
    case 'udp:':
      return udp(endpoint);
    default:
      throw new UsageError(
        'ERR_INVALID_OPTION',
        `url must begin with tcp:, tls:, udp:, ws: or wss:, got ${protocol}`,
      );
  }
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new UsageError('ERR_INVALID_OPTION', `url must be a valid URL, got ${url}`);
  }
}
