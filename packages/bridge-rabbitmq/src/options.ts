import { createSecureContext } from 'node:tls';
import {
  checkInteger,
  checkNames,
  type OptionNames,
  systemClock,
  typeName,
  UsageError,
} from '@imcore/server/ports';
import type { BridgeRouteOptions } from './bridge-route.js';

/** Certificates of an `amqps` connection, as PEM texts. */
export interface RabbitMqTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | (string | Buffer)[] | undefined;
  /** This side's certificate, where the broker asks for one. */
  readonly cert?: string | Buffer | undefined;
  /** The private key of `cert`. */
  readonly key?: string | Buffer | undefined;
  /** The name that the broker's certificate must have. Default: the host of the URL. */
  readonly servername?: string | undefined;
}

/** Options of {@link rabbitmq}. */
export interface RabbitMqOptions extends BridgeRouteOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps://…:5671/…`. It is never logged. */
  readonly url: string;
  readonly tls?: RabbitMqTls | undefined;
  /** The queue that this server publishes to. Default `q_app2web`. */
  readonly outgoingQueue?: string | undefined;
  /** The queue that this server receives from. Default `q_web2app`. */
  readonly incomingQueue?: string | undefined;
  /** Where messages that cannot be handled go, with the reason. Default: the incoming queue's name and `.dead`. */
  readonly deadLetterQueue?: string | undefined;
  /** Arguments that the outgoing and the incoming queue are declared with. Default none, as the original. */
  readonly queueArguments?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Messages that are received before there is a verdict on earlier ones. Default 256. */
  readonly prefetch?: number | undefined;
}

/** Where the broker is, and as whom. */
interface BrokerAddress {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  readonly isSecure: boolean;
}

/** What no operator has to choose. */
const FIXED = {
  /** Longest message that is received, in bytes; a longer one becomes a dead letter. */
  maxBodyBytes: 65_536,
  /** Messages that wait for the broker's confirmation at most. */
  maxWaiting: 10_000,
  /** How long a message may wait for it, in milliseconds: less than original clients take to repeat theirs. */
  publishTimeoutMs: 10_000,
  /** How long a message that nobody can take now rests before it is received again, in milliseconds. */
  restMs: 1000,
  /** Wait before the first new try to reach the broker, in milliseconds; each doubles, with jitter. */
  minBackoffMs: 200,
  /** The longest such wait; the original waits 5000 each time. */
  maxBackoffMs: 2000,
  /** How long the broker may take to answer a connection, in milliseconds. */
  connectTimeoutMs: 5000,
  /** A broker that is silent for twice as long is given up, in seconds. */
  heartbeatSeconds: 10,
  clock: systemClock,
  random: Math.random,
};

/** Options, checked and complete, and what is fixed. */
export interface Settings extends Readonly<typeof FIXED> {
  readonly address: BrokerAddress;
  readonly tls: RabbitMqTls | undefined;
  readonly outgoingQueue: string;
  readonly incomingQueue: string;
  readonly deadLetterQueue: string;
  readonly queueArguments: Readonly<Record<string, string | number | boolean>>;
  readonly prefetch: number;
}

const OPTIONS: OptionNames<RabbitMqOptions> = {
  url: true,
  tls: true,
  outgoingQueue: true,
  incomingQueue: true,
  deadLetterQueue: true,
  queueArguments: true,
  prefetch: true,
  storeAfterMs: true,
};

/**
 * Checks the options and fills in what is missing.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, which never quotes the URL
 */
export function readOptions(options: RabbitMqOptions): Settings {
  checkNames(options, OPTIONS);
  const { url, tls, outgoingQueue = 'q_app2web', incomingQueue = 'q_web2app' } = options;
  const { deadLetterQueue = `${incomingQueue}.dead`, queueArguments = {}, prefetch = 256 } = options;
  const address = readUrl(url);
  const queues = { outgoingQueue, incomingQueue, deadLetterQueue };
  for (const [name, value] of Object.entries(queues)) checkQueue(name, value);
  if (new Set(Object.values(queues)).size < 3)
    throw invalid('options outgoingQueue, incomingQueue and deadLetterQueue must differ');
  checkInteger('prefetch', prefetch, 1, 65_535);
  checkArguments(queueArguments);
  if (tls !== undefined) checkTls(tls, address);
  return { ...FIXED, address, tls, ...queues, queueArguments, prefetch };
}

function readUrl(text: unknown): BrokerAddress {
  const problem = 'option url must look like amqp://user:password@host:5672/vhost';
  if (typeof text !== 'string' || !URL.canParse(text)) throw invalid(problem);
  const url = new URL(text);
  const isSecure = url.protocol === 'amqps:';
  if ((!isSecure && url.protocol !== 'amqp:') || url.hostname === '') throw invalid(problem);
  // A password with a bare /, ? or # ends the host's part: what is left of it would be taken for host, port and vhost.
  if (url.search !== '' || url.hash !== '' || url.pathname.includes('@'))
    throw invalid('option url has a ?, # or @ that must be escaped, as in encodeURIComponent(password)');
  try {
    return {
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (isSecure ? 5671 : 5672) : Number(url.port),
      username: url.username === '' ? 'guest' : decodeURIComponent(url.username),
      password: url.password === '' ? 'guest' : decodeURIComponent(url.password),
      vhost: decodeURIComponent(url.pathname.slice(1)) || '/',
      isSecure,
    };
  } catch {
    throw invalid(problem);
  }
}

/** Certificates that cannot be read are found now, not with every try to reach the broker. */
function checkTls(tls: RabbitMqTls, { isSecure }: BrokerAddress): void {
  checkNames(tls, { ca: true, cert: true, key: true, servername: true }, 'tls.');
  if (!isSecure) throw invalid('option tls is given, but url does not begin with amqps://');
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw invalid('options tls.cert and tls.key must be given together');
  try {
    createSecureContext(tls);
  } catch (error) {
    throw invalid(`option tls cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkArguments(table: unknown): void {
  const values: unknown[] = typeof table === 'object' && table !== null ? Object.values(table) : [undefined];
  if (!values.every((value) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)))
    throw invalid('option queueArguments must be an object of strings, numbers and booleans');
}

function checkQueue(name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 255) return;
  throw invalid(`option ${name} must be a string of 1 to 255 bytes, got ${typeName(value)}`);
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_OPTION', message);
}
