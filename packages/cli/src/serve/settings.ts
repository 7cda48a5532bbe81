import { DEFAULT_LIMITS, SENSE_MODES, type SenseMode, type ServerLimits } from '@imcore/server';
import { z } from 'zod';

/** Everything that `imcore serve` can be told, checked. */
export interface ServeSettings {
  readonly host: string;
  /** `'off'`: this transport is not offered. 0: any free port. */
  readonly tcpPort: number | 'off';
  readonly udpPort: number | 'off';
  readonly wsPort: number | 'off';
  readonly wsPath: string;
  /** Port of the chat page. */
  readonly http: number | 'off';
  readonly httpHost: string;
  /** Seconds between keep-alives; undefined: 15, on UDP 3. */
  readonly senseMode: SenseMode | undefined;
  /** `'memory'`, `'none'`, the path of a file, or the `postgres://` URL of a database. */
  readonly store: string;
  /** The broker of the bridge to MobileIMSDK-Web, with user and password; undefined: no bridge. */
  readonly bridge: string | undefined;
  readonly bridgeOutgoing: string;
  readonly bridgeIncoming: string;
  readonly bridgeCa: string | undefined;
  readonly bridgeCert: string | undefined;
  readonly bridgeKey: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** What every login must bring as its token; undefined: everyone may log in. */
  readonly token: string | undefined;
  readonly serverTimestamp: boolean;
  readonly limits: Partial<ServerLimits>;
  /** How long messages under way may still be acknowledged at the end, in milliseconds. */
  readonly drainMs: number;
  /** Whether memory that a burst needed is given back in quiet times. */
  readonly trimMemory: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'auto' | 'json' | 'text';
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export type SettingName = keyof ServeSettings;

/** One setting: how it is written on the command line, what it may be and what it is when nobody says. */
export interface Setting<Value> {
  /** The value's placeholder on the command line; undefined for a switch. */
  readonly placeholder?: string;
  readonly description: string;
  /** Reads what a flag or an environment variable (text) or the file (JSON) holds. */
  readonly schema: z.ZodType<Value>;
  /** What the schema takes, for the message when it does not. */
  readonly allowed: string;
  readonly byDefault: Value;
  /** Its value never appears in a message. */
  readonly isSecret?: boolean;
}

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
const LOG_FORMATS = ['auto', 'json', 'text'] as const;

const integer = (min: number, max: number) =>
  z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(min).max(max));
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const text = z.string().min(1);
const senseMode = integer(0, 120).pipe(z.literal(SENSE_MODES));

const limitValues = z.partialRecord(
  z.literal(Object.keys(DEFAULT_LIMITS) as (keyof ServerLimits)[]),
  integer(1, Number.MAX_SAFE_INTEGER),
);
/** The same as text: `maxSessions=5000,packetsPerSecond=100`. */
const limits = z.preprocess(
  (value) => (typeof value === 'string' ? Object.fromEntries(value.split(',').map(pair)) : value),
  limitValues,
);

function pair(item: string): [string, string] {
  const [name = '', value = ''] = item.split('=', 2);
  return [name.trim(), value.trim()];
}

const port = (transport: string, byDefault: number): Setting<number | 'off'> => ({
  placeholder: 'port',
  description: `${transport} port; 0 takes a free one, off closes this door`,
  schema: z.union([z.literal('off'), integer(0, 65_535)]),
  allowed: '0 to 65535, or off',
  byDefault,
});

const file = (description: string): Setting<string | undefined> => ({
  placeholder: 'file',
  description,
  schema: text,
  allowed: 'the path of a PEM file',
  byDefault: undefined,
});

const queue = (description: string, byDefault: string): Setting<string> => ({
  placeholder: 'queue',
  description,
  schema: text.max(255),
  allowed: 'the name of a queue',
  byDefault,
});

/** The settings by name. Flag, environment variable and key of the file follow from the name. */
export const SETTINGS: { readonly [Name in SettingName]: Setting<ServeSettings[Name]> } = {
  host: {
    placeholder: 'address',
    description: 'address to listen on',
    schema: text,
    allowed: 'an address of this machine',
    byDefault: '0.0.0.0',
  },
  tcpPort: port('TCP', 8901),
  udpPort: port('UDP', 7901),
  wsPort: port('WebSocket', 3000),
  wsPath: {
    placeholder: 'path',
    description: 'path of the WebSocket endpoint',
    schema: z.string().regex(/^\/[^\s?#]*$/),
    allowed: 'a path that begins with /',
    byDefault: '/websocket',
  },
  http: {
    placeholder: 'port',
    description: 'port of the chat page; 0 takes a free one, off serves none',
    schema: z.union([z.literal('off'), integer(0, 65_535)]),
    allowed: '0 to 65535, or off',
    byDefault: 8080,
  },
  httpHost: {
    placeholder: 'address',
    description: 'address that the chat page is served on',
    schema: text,
    allowed: 'an address of this machine',
    byDefault: '127.0.0.1',
  },
  senseMode: {
    placeholder: 'seconds',
    description: 'seconds between keep-alives, the same as the clients use (default: 15, on UDP 3)',
    schema: senseMode,
    allowed: `one of ${SENSE_MODES.join(', ')}`,
    byDefault: undefined,
  },
  store: {
    placeholder: 'file|url|memory|none',
    description: 'where messages for users who are offline wait; postgres://… for several servers',
    schema: text,
    allowed: 'memory, none, the path of a file, or the postgres:// URL of a database',
    byDefault: 'memory',
    isSecret: true,
  },
  bridge: {
    placeholder: 'url',
    description: 'RabbitMQ of the bridge to MobileIMSDK-Web (amqp://… or amqps://…; default: no bridge)',
    schema: z.string().refine((url) => /^amqps?:\/\//.test(url) && URL.canParse(url)),
    allowed: 'amqp://user:password@host:5672/vhost, or amqps://…',
    byDefault: undefined,
    isSecret: true,
  },
  bridgeOutgoing: queue('queue that the bridge publishes to', 'q_app2web'),
  bridgeIncoming: queue('queue that the bridge reads', 'q_web2app'),
  bridgeCa: file('authority to trust for an amqps broker (default: the system’s)'),
  bridgeCert: file('certificate that an amqps broker asks for'),
  bridgeKey: file('private key of that certificate'),
  tlsCert: file('certificate chain: TCP becomes TLS and WebSocket wss'),
  tlsKey: file('private key of the certificate'),
  token: {
    placeholder: 'secret',
    description: 'what every login must bring as its token (default: everyone may log in)',
    schema: text,
    allowed: 'a text that is not empty',
    byDefault: undefined,
    isSecret: true,
  },
  serverTimestamp: {
    description: 'stamp the server’s time on every packet it sends',
    schema: flag,
    allowed: 'true or false',
    byDefault: false,
  },
  limits: {
    placeholder: 'name=value,…',
    description: 'change limits of the server, see docs/reference/limits.md',
    schema: limits,
    allowed: `whole numbers from 1 for ${Object.keys(DEFAULT_LIMITS).join(', ')}`,
    byDefault: {},
  },
  drainMs: {
    placeholder: 'ms',
    description: 'how long messages under way may still be acknowledged when the server stops',
    schema: integer(0, 600_000),
    allowed: '0 to 600000',
    byDefault: 1000,
  },
  trimMemory: {
    placeholder: 'true|false',
    description: 'give back, in quiet times, memory that a burst needed (default: true)',
    schema: flag,
    allowed: 'true or false',
    byDefault: true,
  },
  logLevel: {
    placeholder: 'level',
    description: `${LOG_LEVELS.join(', ')}`,
    schema: z.enum(LOG_LEVELS),
    allowed: `one of ${LOG_LEVELS.join(', ')}`,
    byDefault: 'info',
  },
  logFormat: {
    placeholder: 'format',
    description: 'json, text, or auto: text on a terminal',
    schema: z.enum(LOG_FORMATS),
    allowed: `one of ${LOG_FORMATS.join(', ')}`,
    byDefault: 'auto',
  },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** `tcpPort` as `--tcp-port`. */
export function flagOf(name: SettingName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `tcpPort` as `IMCORE_TCP_PORT`. */
export function variableOf(name: SettingName): string {
  return `IMCORE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
