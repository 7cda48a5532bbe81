import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isSenseMode, SENSE_MODES, type SenseMode } from '@imcore/protocol';

/** The command line of the harness. */
export interface HarnessOptions {
  readonly host: string;
  /** Ports to listen on; 0 takes a free one. */
  readonly ports: { readonly tcp: number; readonly udp: number; readonly websocket: number };
  readonly senseMode: SenseMode;
  readonly stampServerTime: boolean;
  readonly tls: { readonly key: Buffer; readonly cert: Buffer } | undefined;
}

export const HARNESS_USAGE =
  'harness [--host 127.0.0.1] [--tcp 0] [--udp 0] [--ws 0] [--sense 3] [--server-timestamp] [--tls-cert FILE --tls-key FILE]';

/**
 * Parses the command line.
 *
 * @throws TypeError for an unknown option, RangeError for an invalid value.
 */
export function parseHarnessOptions(args: readonly string[]): HarnessOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      tcp: { type: 'string', default: '0' },
      udp: { type: 'string', default: '0' },
      ws: { type: 'string', default: '0' },
      sense: { type: 'string', default: '3' },
      'server-timestamp': { type: 'boolean', default: false },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
    },
  });
  const senseMode = Number(values.sense);
  if (!isSenseMode(senseMode))
    throw new RangeError(
      `--sense must be one of ${SENSE_MODES.join(', ')}, got ${JSON.stringify(values.sense)}`,
    );
  return {
    host: values.host,
    ports: {
      tcp: toPort('tcp', values.tcp),
      udp: toPort('udp', values.udp),
      websocket: toPort('ws', values.ws),
    },
    senseMode,
    stampServerTime: values['server-timestamp'],
    tls: readTls(values['tls-cert'], values['tls-key']),
  };
}

function toPort(name: string, text: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`--${name} must be a port from 0 to 65535, got ${JSON.stringify(text)}`);
  return port;
}

function readTls(certFile: string | undefined, keyFile: string | undefined): HarnessOptions['tls'] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined)
    throw new RangeError('--tls-cert and --tls-key must be given together');
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
