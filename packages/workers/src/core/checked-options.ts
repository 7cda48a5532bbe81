import type tls from 'node:tls';
import { type Clock, systemClock, tcp, udp, websocket } from '@imcore/server';
import {
  checkInteger,
  checkNames,
  type OptionNames,
  type ServerTransport,
  typeName,
  UsageError,
} from '@imcore/server/ports';
import { TrustedProxies } from '@imcore/server/transport-kit';
import type { WorkerTransports } from '../link/control.js';
import type { WorkerEvent, WorkersOptions } from '../options.js';

/** Most workers of one server: more than one core can feed. */
const MAX_WORKERS = 64;

/** Size of a record that is not a frame: a datagram is smaller. */
const MIN_BODY_BYTES = 65_536;

const OPTIONS: OptionNames<WorkersOptions> = {
  count: true,
  tcp: true,
  websocket: true,
  udp: true,
  trustedProxies: true,
  onWorker: true,
  clock: true,
};

/** The options of workers, checked. */
export interface CheckedOptions {
  readonly count: number;
  readonly transports: WorkerTransports;
  /** The same transports in this process. They do not listen, but have checked their options. */
  readonly templates: readonly ServerTransport[];
  readonly maxBodyBytes: number;
  readonly trustedProxies: readonly string[] | undefined;
  readonly onWorker: ((event: WorkerEvent) => void) | undefined;
  readonly clock: Clock;
  /** Checks another key and certificate. */
  reloadTls(context: tls.SecureContextOptions): void;
}

/** @throws UsageError `ERR_INVALID_OPTION` */
export function checkWorkersOptions(options: WorkersOptions): CheckedOptions {
  checkNames(options, OPTIONS);
  const { count, trustedProxies, onWorker, clock = systemClock } = options;
  if (count === undefined) throw invalid('count', `a whole number from 1 to ${MAX_WORKERS}`, count);
  checkInteger('count', count, 1, MAX_WORKERS);
  new TrustedProxies(trustedProxies);
  const transports: WorkerTransports = { tcp: options.tcp, websocket: options.websocket, udp: options.udp };
  if (Object.values(transports).every((transport) => transport === undefined))
    throw new UsageError('ERR_INVALID_OPTION', 'workers() must have at least one of tcp, websocket, udp');
  if (transports.websocket !== undefined && 'server' in transports.websocket)
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'option websocket.server cannot be used in workers: an HTTP server belongs to one process',
    );
  for (const [name, value] of Object.entries(transports)) checkData(name, value);
  const tcpTemplate = transports.tcp && tcp(transports.tcp);
  const webSocketTemplate = transports.websocket && websocket(transports.websocket);
  const udpTemplate = transports.udp && udp(transports.udp);
  const templates = [tcpTemplate, webSocketTemplate, udpTemplate].filter(
    (template) => template !== undefined,
  );
  return {
    count,
    transports,
    templates,
    maxBodyBytes: Math.max(MIN_BODY_BYTES, ...templates.map(({ maxSendBytes }) => maxSendBytes)),
    trustedProxies,
    onWorker,
    clock,
    reloadTls(context) {
      tcpTemplate?.reloadTls(context);
      webSocketTemplate?.reloadTls(context);
    },
  };
}

/** Options are sent to other processes as JSON, so a function would be lost. */
function checkData(name: string, value: unknown): void {
  if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) return;
  if (Buffer.isBuffer(value)) return;
  const isData = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (typeof value !== 'object' || !isData) throw invalid(name, 'data: it is sent to another process', value);
  for (const [member, inner] of Object.entries(value as object)) checkData(`${name}.${member}`, inner);
}

function invalid(name: string, expected: string, value: unknown): UsageError {
  return new UsageError('ERR_INVALID_OPTION', `option ${name} must be ${expected}, got ${typeName(value)}`);
}
