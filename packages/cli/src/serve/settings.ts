import { DEFAULT_LIMITS, SENSE_MODES, type SenseMode, type ServerLimits } from '@imcore/server';
import { z } from 'zod';
import { type HealthAddress, parseAddress } from './serve-health.js';
import {
  address,
  booleanFrom,
  clusterWord,
  file,
  isClusterUrl,
  isNetwork,
  limitsFrom,
  listFrom,
  numberFrom,
  port,
  queue,
  type Setting,
  text,
  withoutFlag,
} from './setting-kinds.js';

/** All settings of `imcore serve`, checked. */
export interface ServeSettings {
  readonly host: string;
  /** `'off'` disables this transport. 0 picks a free port. */
  readonly tcpPort: number | 'off';
  readonly udpPort: number | 'off';
  readonly wsPort: number | 'off';
  readonly wsPath: string;
  /** Origins of web pages that may connect; undefined: all. */
  readonly wsOrigins: readonly string[] | undefined;
  /** The HTTP header in which trusted proxies name the client's address. */
  readonly wsForwardedHeader: 'x-forwarded-for' | 'forwarded';
  /** Whether TCP connections of trusted proxies begin with a header of the PROXY protocol. */
  readonly tcpProxyProtocol: 'off' | 'optional' | 'required';
  /** Addresses and networks of proxies; undefined: loopback. */
  readonly trustedProxies: readonly string[] | undefined;
  /** Number of worker processes that hold the connections; 0: this process does. */
  readonly workers: number;
  /** Port of the chat page. */
  readonly http: number | 'off';
  readonly httpHost: string;
  /** Address of the health pages; undefined: none. */
  readonly admin: HealthAddress | undefined;
  /** Seconds between keep-alives; undefined: 15, on UDP 3. */
  readonly senseMode: SenseMode | undefined;
  /** `'memory'`, `'none'`, the path of a file, or the `postgres://` URL of a database. */
  readonly store: string;
  /** How long the start waits for a database that is not reachable, in milliseconds. */
  readonly storeWaitMs: number;
  /** Which sessions of named devices of one user may be open together. */
  readonly sessions: (typeof SESSIONS)[number];
  /** Whether sessions of MobileIMSDK clients may be open together with those of named devices. */
  readonly v6Sessions: (typeof V6_SESSIONS)[number];
  /** Maximum number of named devices of a user. */
  readonly maxDevices: number;
  /** How long a device that does not log in is kept, in milliseconds. */
  readonly deviceExpiryMs: number | 'never';
  /** How long messages are kept as history, in milliseconds; 0: there is no history. */
  readonly historyMs: number;
  /** `'postgres'` (the database of the store), a `postgres://` URL, or URLs of NATS servers; undefined: no cluster. */
  readonly cluster: string | undefined;
  /** Name of this node; undefined: made of host name and port. */
  readonly nodeId: string | undefined;
  readonly clusterName: string;
  /** URL of the bridge's RabbitMQ broker, with user and password, or `'elsewhere'`; undefined: no bridge. */
  readonly bridge: string | undefined;
  readonly bridgeOutgoing: string;
  readonly bridgeIncoming: string;
  readonly bridgeCa: string | undefined;
  readonly bridgeCert: string | undefined;
  readonly bridgeKey: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Token that every login must send; undefined: anyone can log in. */
  readonly token: string | undefined;
  readonly serverTimestamp: boolean;
  readonly limits: Partial<ServerLimits>;
  /** How long a shutdown waits for acknowledgements of messages in flight, in milliseconds. */
  readonly drainMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: 'auto' | 'json' | 'text';
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export type SettingName = keyof ServeSettings;

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
const LOG_FORMATS = ['auto', 'json', 'text'] as const;

const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded'] as const;
const PROXY_PROTOCOL = ['off', 'optional', 'required'] as const;

const SESSIONS = ['many', 'one-per-kind', 'one'] as const;
const V6_SESSIONS = ['beside', 'exclusive'] as const;

/** The settings by name. The flag, the environment variable and the key in the file are derived from the name. */
export const SETTINGS: { readonly [Name in SettingName]: Setting<ServeSettings[Name]> } = {
  host: address('address to listen on', '0.0.0.0'),
  tcpPort: port('TCP port; 0 picks a free port, off disables TCP', 8901),
  udpPort: port('UDP port; 0 picks a free port, off disables UDP', 7901),
  wsPort: port('WebSocket port; 0 picks a free port, off disables WebSocket', 3000),
  wsPath: {
    placeholder: 'path',
    description: 'path of the WebSocket endpoint',
    schema: z.string().regex(/^\/[^\s?#]*$/),
    expected: 'a string that starts with "/", without spaces, "?" and "#"',
    byDefault: '/websocket',
  },
  wsOrigins: {
    placeholder: 'origin,…',
    description: 'origins of web pages that may connect (default: all)',
    schema: z.array(z.string().regex(/^[a-z][a-z\d+.-]*:\/\/[^\s/?#,]+$/)).min(1),
    fromText: listFrom,
    expected: 'a list of origins such as https://chat.example.com, without a path',
    byDefault: undefined,
  },
  wsForwardedHeader: {
    placeholder: 'name',
    description: `header in which trusted proxies name the client: ${FORWARDED_HEADERS.join(', ')}`,
    schema: z.enum(FORWARDED_HEADERS),
    expected: `one of ${FORWARDED_HEADERS.join(', ')}`,
    byDefault: 'x-forwarded-for',
  },
  tcpProxyProtocol: {
    placeholder: 'mode',
    description: `PROXY protocol of trusted proxies on TCP: ${PROXY_PROTOCOL.join(', ')}`,
    schema: z.enum(PROXY_PROTOCOL),
    expected: `one of ${PROXY_PROTOCOL.join(', ')}`,
    byDefault: 'off',
  },
  trustedProxies: {
    placeholder: 'network,…',
    description: 'addresses and networks of proxies; none for none (default: loopback)',
    schema: z.array(z.string().refine(isNetwork)),
    fromText: (given) => (given === 'none' ? [] : listFrom(given)),
    expected: 'a list of IP addresses and networks such as 10.0.0.0/8',
    byDefault: undefined,
  },
  workers: {
    placeholder: 'number',
    description:
      'worker processes that hold the connections, up to 64; before Node 22.12 worker 1 has UDP. 0: none',
    schema: z.number().int().min(0).max(64),
    fromText: numberFrom,
    expected: 'a whole number from 0 to 64',
    byDefault: 0,
  },
  http: port('port of the chat page; 0 picks a free port, off disables the page', 8080),
  httpHost: address('address that the chat page is served on', '127.0.0.1'),
  admin: {
    placeholder: 'host:port',
    description: 'serve /healthz and /readyz for load balancers and supervisors (default: off)',
    schema: z
      .string()
      .transform(parseAddress)
      .pipe(z.custom<HealthAddress>((parsed) => parsed !== undefined)),
    expected: 'an address and a port such as 127.0.0.1:8100; port 0 picks a free port',
    byDefault: undefined,
  },
  senseMode: {
    placeholder: 'seconds',
    description: 'seconds between keep-alives, as configured in the clients (default: 15, on UDP 3)',
    schema: z.literal(SENSE_MODES),
    fromText: numberFrom,
    expected: `one of ${SENSE_MODES.join(', ')}`,
    byDefault: undefined,
  },
  store: {
    placeholder: 'file|url|memory|none',
    description: 'where messages to offline users are stored: a file, postgres://…, memory, none',
    schema: text,
    expected: 'a string: memory, none, the path of a file, or the postgres:// URL of a database',
    byDefault: 'memory',
    isSecret: true,
  },
  storeWaitMs: {
    placeholder: 'ms',
    description: 'how long the start waits for a PostgreSQL database that is not reachable',
    schema: z.number().int().min(0).max(3_600_000),
    fromText: numberFrom,
    expected: 'a number from 0 to 3600000',
    byDefault: 60_000,
  },
  sessions: {
    placeholder: 'policy',
    description: `which devices of a user may be online together: ${SESSIONS.join(', ')}`,
    schema: z.enum(SESSIONS),
    expected: `one of ${SESSIONS.join(', ')}`,
    byDefault: 'many',
  },
  v6Sessions: {
    placeholder: 'policy',
    description: `MobileIMSDK clients of a user and its named devices: ${V6_SESSIONS.join(', ')}`,
    schema: z.enum(V6_SESSIONS),
    expected: `one of ${V6_SESSIONS.join(', ')}`,
    byDefault: 'beside',
  },
  maxDevices: {
    placeholder: 'number',
    description: 'maximum number of named devices of a user; the one away the longest makes room',
    schema: z.number().int().min(1),
    fromText: numberFrom,
    expected: 'a whole number of 1 or more',
    byDefault: 10,
  },
  deviceExpiryMs: {
    placeholder: 'ms|never',
    description: 'how long a device that does not log in is kept; never: without limit',
    schema: z.union([z.literal('never'), z.number().int().min(1)]),
    fromText: numberFrom,
    expected: 'a whole number of 1 or more, or "never"',
    byDefault: 30 * 24 * 60 * 60 * 1000,
  },
  historyMs: {
    placeholder: 'ms',
    description: 'how long messages are kept as history after all devices have taken them; 0: no history',
    schema: z.number().int().min(0),
    fromText: numberFrom,
    expected: 'a whole number of 0 or more',
    byDefault: 0,
  },
  cluster: {
    placeholder: 'url|postgres',
    description:
      'be a node of a cluster: nats://…, postgres://…, or postgres for the database of the store (default: no cluster)',
    schema: z.string().refine(isClusterUrl),
    expected: 'postgres, the postgres:// URL of a database, or nats:// or tls:// URLs of NATS servers',
    byDefault: undefined,
    isSecret: true,
  },
  nodeId: {
    placeholder: 'name',
    description:
      'name of this node, which no other node has; the same after each restart is best (default: host name and port)',
    schema: clusterWord,
    expected: '1 to 64 of A-Z a-z 0-9 _ -',
    byDefault: undefined,
  },
  clusterName: {
    placeholder: 'name',
    description: 'name of the cluster: nodes of other clusters are ignored',
    schema: clusterWord,
    expected: '1 to 64 of A-Z a-z 0-9 _ -',
    byDefault: 'main',
  },
  bridge: {
    placeholder: 'url|elsewhere',
    description:
      'RabbitMQ URL of the bridge to MobileIMSDK-Web, or elsewhere: another node of the cluster has it',
    schema: z
      .string()
      .refine((url) => url === 'elsewhere' || (/^amqps?:\/\//.test(url) && URL.canParse(url))),
    expected: 'a URL such as amqp://user:password@host:5672/vhost or amqps://…, or elsewhere',
    byDefault: undefined,
    isSecret: true,
  },
  bridgeOutgoing: { ...queue('queue that the bridge publishes to', 'q_app2web'), ...withoutFlag },
  bridgeIncoming: { ...queue('queue that the bridge consumes', 'q_web2app'), ...withoutFlag },
  bridgeCa: { ...file("certificate authority of an amqps broker (default: the system's)"), ...withoutFlag },
  bridgeCert: { ...file('client certificate for an amqps broker'), ...withoutFlag },
  bridgeKey: { ...file('private key of the client certificate'), ...withoutFlag },
  tlsCert: file('certificate chain: enables TLS on TCP and WebSocket'),
  tlsKey: file('private key of the certificate'),
  token: {
    placeholder: 'secret',
    description: 'token that every login must send (default: anyone can log in)',
    schema: text,
    expected: 'a string that is not empty',
    byDefault: undefined,
    isSecret: true,
  },
  serverTimestamp: {
    description: "add the server's time to every packet it sends",
    schema: z.boolean(),
    fromText: booleanFrom,
    expected: 'true or false',
    byDefault: false,
  },
  limits: {
    placeholder: 'name=value,…',
    description: "change the server's limits, see docs/reference/limits.md",
    schema: z.partialRecord(
      z.literal(Object.keys(DEFAULT_LIMITS) as (keyof ServerLimits)[]),
      z.number().int().min(1),
    ),
    fromText: limitsFrom,
    expected: 'an object of limits, such as {"maxSessions": 5000}',
    byDefault: {},
  },
  drainMs: {
    placeholder: 'ms',
    description: 'how long a shutdown waits for acknowledgements of messages in flight',
    schema: z.number().int().min(0).max(600_000),
    fromText: numberFrom,
    expected: 'a number from 0 to 600000',
    byDefault: 1000,
  },
  logLevel: {
    placeholder: 'level',
    description: `log level: ${LOG_LEVELS.join(', ')}`,
    schema: z.enum(LOG_LEVELS),
    expected: `one of ${LOG_LEVELS.join(', ')}`,
    byDefault: 'info',
  },
  logFormat: {
    placeholder: 'format',
    description: 'log format: json, text, or auto (text on a terminal, else json)',
    schema: z.enum(LOG_FORMATS),
    expected: `one of ${LOG_FORMATS.join(', ')}`,
    byDefault: 'auto',
  },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Names of settings that existed in earlier versions, each with advice for those who still use it. */
export const REMOVED_SETTINGS: Readonly<Record<string, string>> = {
  trimMemory: 'The server always returns unused memory to the operating system in quiet times.',
};

/** `tcpPort` as `--tcp-port`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
}

/** `tcpPort` as `IMCORE_TCP_PORT`. */
export function variableOf(name: string): string {
  return `IMCORE_${name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()}`;
}
