import { createSecureContext } from 'node:tls';
import type { Clock, Random } from '@imcore/server/ports';
import { systemClock, UsageError } from '@imcore/server/ports';

/** Certificates of an `amqps` link, as PEM texts. */
export interface RabbitMqTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** This side's certificate, where the broker asks for one. */
  readonly cert?: string | Buffer | undefined;
  /** The private key of `cert`. */
  readonly key?: string | Buffer | undefined;
  /** The name that the broker's certificate must have. Default: the host of the URL. */
  readonly servername?: string | undefined;
}

/** Options of {@link rabbitmq}. */
export interface RabbitMqOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps://…:5671/…`. It is never logged. */
  readonly url: string;
  readonly tls?: RabbitMqTls | undefined;
  /** The queue that this server publishes to. Default `q_app2web`. */
  readonly outgoingQueue?: string | undefined;
  /** The queue that this server reads. Default `q_web2app`. */
  readonly incomingQueue?: string | undefined;
  /** Where what cannot be handled goes, with its reason. Default: the incoming queue's name and `.dead`. */
  readonly deadLetterQueue?: string | undefined;
  /** Arguments that the outgoing and the incoming queue are declared with. Default none, as the original. */
  readonly queueArguments?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Messages that the broker hands in before it has a verdict on earlier ones. Default 256. */
  readonly prefetch?: number | undefined;
  /** Longest message that is taken in, in bytes; a longer one is a dead letter. Default 65 536. */
  readonly maxBodyBytes?: number | undefined;
  /** Messages that wait for the broker's confirmation at most. Default 10 000. */
  readonly maxWaiting?: number | undefined;
  /** How long a message may wait for it, in milliseconds. Default 10 000: shorter than original clients repeat. */
  readonly publishTimeoutMs?: number | undefined;
  /** How long a message that nobody can take now rests before it is handed in again, in milliseconds. Default 1000. */
  readonly restMs?: number | undefined;
  /** Wait before the first new try to reach the broker, in milliseconds; each doubles, with jitter. Default 200. */
  readonly minBackoffMs?: number | undefined;
  /** The longest such wait. Default 2000; the original waits 5000 each time. */
  readonly maxBackoffMs?: number | undefined;
  /** How long the broker may take to answer a connection, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number | undefined;
  /** A broker that is silent for twice as long is given up, in seconds. Default 10. */
  readonly heartbeatSeconds?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** Where the broker is, and as whom. */
export interface BrokerAddress {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  readonly isSecure: boolean;
}

/** Options, checked and complete. */
export interface Settings {
  readonly address: BrokerAddress;
  readonly tls: RabbitMqTls | undefined;
  readonly outgoingQueue: string;
  readonly incomingQueue: string;
  readonly deadLetterQueue: string;
  readonly queueArguments: Readonly<Record<string, string | number | boolean>>;
  readonly prefetch: number;
  readonly maxBodyBytes: number;
  readonly maxWaiting: number;
  readonly publishTimeoutMs: number;
  readonly restMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly connectTimeoutMs: number;
  readonly heartbeatSeconds: number;
  readonly clock: Clock;
  readonly random: Random;
}

const NUMBERS = {
  prefetch: { byDefault: 256, max: 65_535 },
  maxBodyBytes: { byDefault: 65_536, max: Number.MAX_SAFE_INTEGER },
  maxWaiting: { byDefault: 10_000, max: Number.MAX_SAFE_INTEGER },
  publishTimeoutMs: { byDefault: 10_000, max: Number.MAX_SAFE_INTEGER },
  restMs: { byDefault: 1000, max: Number.MAX_SAFE_INTEGER },
  minBackoffMs: { byDefault: 200, max: Number.MAX_SAFE_INTEGER },
  maxBackoffMs: { byDefault: 2000, max: Number.MAX_SAFE_INTEGER },
  connectTimeoutMs: { byDefault: 5000, max: 2 ** 31 - 1 },
  heartbeatSeconds: { byDefault: 10, max: 65_535 },
} as const;

const OTHERS = [
  'url',
  'tls',
  'outgoingQueue',
  'incomingQueue',
  'deadLetterQueue',
  'queueArguments',
  'clock',
  'random',
] as const;

type NumberName = keyof typeof NUMBERS;

/**
 * Checks the options and fills in what is missing.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, which never quotes the URL
 */
export function readOptions(options: RabbitMqOptions): Settings {
  const known = [...OTHERS, ...Object.keys(NUMBERS)];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`option ${unknown} does not exist; there are ${known.join(', ')}`);
  const number = (name: NumberName): number => checkNumber(name, options[name]);
  const { url, tls, queueArguments = {}, clock = systemClock, random = Math.random } = options;
  const incomingQueue = checkQueue('incomingQueue', options.incomingQueue ?? 'q_web2app');
  const settings: Settings = {
    address: readUrl(url),
    tls,
    outgoingQueue: checkQueue('outgoingQueue', options.outgoingQueue ?? 'q_app2web'),
    incomingQueue,
    deadLetterQueue: checkQueue('deadLetterQueue', options.deadLetterQueue ?? `${incomingQueue}.dead`),
    queueArguments,
    prefetch: number('prefetch'),
    maxBodyBytes: number('maxBodyBytes'),
    maxWaiting: number('maxWaiting'),
    publishTimeoutMs: number('publishTimeoutMs'),
    restMs: number('restMs'),
    minBackoffMs: number('minBackoffMs'),
    maxBackoffMs: number('maxBackoffMs'),
    connectTimeoutMs: number('connectTimeoutMs'),
    heartbeatSeconds: number('heartbeatSeconds'),
    clock,
    random,
  };
  checkTogether(settings);
  checkTls(tls);
  checkArguments(queueArguments);
  return settings;
}

/** Certificates as the platform takes them. */
export function tlsOptions({ ca, cert, key, servername }: RabbitMqTls = {}) {
  return {
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function readUrl(text: unknown): BrokerAddress {
  const problem = 'option url cannot be read; it must look like amqp://user:password@host:5672/vhost';
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

function checkTogether({ outgoingQueue, incomingQueue, deadLetterQueue, ...rest }: Settings): void {
  if (new Set([outgoingQueue, incomingQueue, deadLetterQueue]).size < 3)
    throw invalid('options outgoingQueue, incomingQueue and deadLetterQueue must differ');
  if (rest.maxBackoffMs < rest.minBackoffMs)
    throw invalid(`option maxBackoffMs is ${rest.maxBackoffMs}, less than minBackoffMs`);
  if (rest.tls !== undefined && !rest.address.isSecure)
    throw invalid('option tls is given, but url does not begin with amqps://');
  if ((rest.tls?.cert === undefined) !== (rest.tls?.key === undefined))
    throw invalid('options tls.cert and tls.key must be given together');
}

/** Certificates that cannot be read are found now, not with every try to reach the broker. */
function checkTls(tls: RabbitMqTls | undefined): void {
  if (tls === undefined) return;
  try {
    createSecureContext(tlsOptions(tls));
  } catch (error) {
    throw invalid(`option tls cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkArguments(table: unknown): void {
  const values: unknown[] = typeof table === 'object' && table !== null ? Object.values(table) : [undefined];
  if (!values.every((value) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)))
    throw invalid('option queueArguments must be an object of texts, numbers and booleans');
}

function checkQueue(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 255) return value;
  throw invalid(`option ${name} must be a text of 1 to 255 bytes`);
}

function checkNumber(name: NumberName, value: number | undefined): number {
  const { byDefault, max } = NUMBERS[name];
  if (value === undefined) return byDefault;
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw invalid(`option ${name} is ${String(value)}, allowed are whole numbers from 1 to ${max}`);
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_OPTION', message);
}
