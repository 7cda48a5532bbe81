import { type Transport, tcp, udp, websocket } from '@imcore/client/node';
import type { Command } from 'commander';
import { CommandError } from './command-error.js';
import { readPem } from './read-pem.js';

/** What the command line says about where the server is. */
export interface EndpointFlags {
  readonly transport?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly url?: string | undefined;
  readonly tls?: boolean | undefined;
  /** Path of a PEM file with the authority to trust. */
  readonly tlsCa?: string | undefined;
}

interface Endpoint {
  readonly transport: Transport;
  /** The same as a URL, for people. */
  readonly url: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  tcp: 8901,
  tls: 8901,
  udp: 7901,
  ws: 3000,
  wss: 3000,
};

/** Gives a command the flags that say where its server is. */
export function addEndpointFlags(command: Command): Command {
  return command
    .option('--transport <name>', 'tcp, udp or ws (default: tcp)')
    .option('--host <host>', 'where the server is (default: 127.0.0.1)')
    .option('--port <port>', 'its port (default: 8901, udp 7901, ws 3000)')
    .option('--url <url>', 'all of it: tcp://, tls://, udp://, ws:// or wss://')
    .option('--tls', 'TLS on tcp and ws')
    .option('--tls-ca <file>', 'PEM file of an authority to trust');
}

/** @throws CommandError for a server that cannot be meant. */
export function endpointOf(flags: EndpointFlags): Endpoint {
  const url = flags.url === undefined ? urlFromParts(flags) : urlAsGiven(flags.url, flags);
  const parsed = parseUrl(url);
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
        `${url} begins with ${scheme}:`,
        'Allowed are tcp://, tls://, udp://, ws:// and wss://.',
      );
  }
}

function urlFromParts({ transport = 'tcp', host = '127.0.0.1', port, tls = false }: EndpointFlags): string {
  if (transport !== 'tcp' && transport !== 'udp' && transport !== 'ws') {
    throw new CommandError(`--transport is ${JSON.stringify(transport)}`, 'Allowed: tcp, udp, ws.');
  }
  if (transport === 'udp' && tls) {
    throw new CommandError('--tls does not go with --transport udp', 'TLS wraps tcp and ws.');
  }
  const scheme = { tcp: tls ? 'tls' : 'tcp', udp: 'udp', ws: tls ? 'wss' : 'ws' }[transport];
  const number = port ?? String(DEFAULT_PORTS[scheme]);
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > 65_535) {
    throw new CommandError(`--port is ${JSON.stringify(number)}`, 'Allowed: 1 to 65535.');
  }
  const at = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${at}:${number}${transport === 'ws' ? '/websocket' : ''}`;
}

function urlAsGiven(url: string, { transport, host, port, tls }: EndpointFlags): string {
  const others = Object.entries({ transport, host, port, tls }).filter(([, value]) => value !== undefined);
  const [other] = others;
  if (other !== undefined) {
    throw new CommandError(
      `--url and --${other[0]} are both given`,
      'The URL says it all: leave the other out.',
    );
  }
  return url;
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new CommandError(`${url} is no URL`, 'For example: tcp://127.0.0.1:8901', { cause });
  }
}
