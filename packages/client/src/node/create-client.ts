import type { ImClient } from '../client.js';
import { assembleClient } from '../create-client.js';
import { UsageError } from '../errors.js';
import type { ClientOptions } from '../options.js';
import type { Transport } from '../transport.js';
import { tcp } from './tcp.js';
import { udp } from './udp.js';
import { websocket } from './websocket.js';

/**
 * Creates a client, on Node. Nothing happens until its `login`.
 *
 * Takes `{ transport }`, or a URL of any transport: `tcp://host:8901`, `tls://host:8901`, `udp://host:7901`,
 * `ws://host:3000/websocket`, `wss://…`. The ports are the defaults.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, naming the option.
 */
export function createClient(options: ClientOptions): ImClient {
  return assembleClient(options, transportForUrl);
}

/** The transport that a URL asks for, with all options at their defaults. @throws UsageError `ERR_INVALID_OPTION` */
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
        `url must begin with tcp, tls, udp, ws or wss, found ${protocol}`,
      );
  }
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new UsageError('ERR_INVALID_OPTION', `url is not a URL: ${url}`);
  }
}
