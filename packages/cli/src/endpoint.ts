import { type Transport, tcp, udp, websocket } from '@imcore/client/node';
import type { Command } from 'commander';
import { CommandError } from './command-error.js';
import { readPem } from './read-pem.js';

/** Flags that select the server. */
export interface EndpointFlags {
  readonly transport?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly url?: string | undefined;
  readonly tls?: boolean | undefined;
  /** Path of a PEM file with the certificate authority to trust. */
  readonly tlsCa?: string | undefined;
}

interface Endpoint {
  readonly transport: Transport;
  /** The same as a URL, for messages. */
  readonly url: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  tcp: 8901,
  tls: 8901,
  udp: 7901,
  ws: 3000,
  wss: 3000,
};

/** Adds the flags that select the server to a command. */
export function addEndpointFlags(command: Command): Command {
  return command
    .option('--transport <name>', 'tcp, udp or ws (default: tcp)')
    .option('--host <host>', 'host of the server (default: 127.0.0.1)')
    .option('--port <port>', 'port of the server (default: 8901, udp 7901, ws 3000)')
    .option('--url <url>', 'URL instead of these: tcp://, tls://, udp://, ws:// or wss://')
    .option('--tls', 'use TLS with tcp and ws')
    .option('--tls-ca <file>', 'PEM file of a certificate authority to trust');
}

/** @throws CommandError for invalid or contradictory flags. */
export function endpointOf(flags: EndpointFlags): Endpoint {
  const url = flags.url === undefined ? urlFromParts(flags) : urlAsGiven(flags.url, flags);
  const parsed = new URL(url);
  const scheme = parsed.protocol.slice(0, -1);
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint = { host, port: parsed.port === '' ? DEFAULT_PORTS[scheme] : Number(parsed.port) };
  const tls = flags.tlsCa === undefined ? {} : { ca: readPem('--tls-ca', flags.tlsCa) };
  switch (scheme) {
    case 'tcp':
      return { url, transport: tcp(endpoint) };
    case 'tls':
      return { url, transport: tcp({ ...endpoint, tls }) };
    case 'udp':
      return { url, transport: udp(endpoint) };
    case 'ws':
    case 'wss':
      return { url, transport: websocket({ url, tls }) };
    default:
      throw new CommandError(
        `--url must start with tcp://, tls://, udp://, ws:// or wss://, got ${JSON.stringify(url)}`,
      );
  }
}

function urlFromParts({ transport = 'tcp', host = '127.0.0.1', port, tls = false }: EndpointFlags): string {
  if (transport !== 'tcp' && transport !== 'udp' && transport !== 'ws') {
    throw new CommandError(`--transport must be one of tcp, udp, ws, got ${JSON.stringify(transport)}`);
  }
  if (transport === 'udp' && tls) {
    throw new CommandError(
      '--tls cannot be used with --transport udp',
      'TLS is available with tcp and ws only.',
    );
  }
  const scheme = { tcp: tls ? 'tls' : 'tcp', udp: 'udp', ws: tls ? 'wss' : 'ws' }[transport];
  const number = port ?? String(DEFAULT_PORTS[scheme]);
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > 65_535) {
    throw new CommandError(`--port must be a number from 1 to 65535, got ${JSON.stringify(number)}`);
  }
  const at = host.includes(':') ? `[${host}]` : host;
  const url = `${scheme}://${at}:${number}${transport === 'ws' ? '/websocket' : ''}`;
  if (URL.canParse(url)) return url;
  throw new CommandError(`--host must be a host name or an IP address, got ${JSON.stringify(host)}`);
}

function urlAsGiven(url: string, { transport, host, port, tls }: EndpointFlags): string {
  const others = Object.entries({ transport, host, port, tls }).filter(([, value]) => value !== undefined);
  const [other] = others;
  if (other !== undefined) {
    throw new CommandError(
      `--url and --${other[0]} cannot be used together`,
      'The URL contains the transport, the host and the port.',
    );
  }
  if (URL.canParse(url)) return url;
  throw new CommandError(`--url must be a URL such as tcp://127.0.0.1:8901, got ${JSON.stringify(url)}`);
}
