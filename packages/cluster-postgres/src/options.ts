import {
  type BusNames,
  type Clock,
  checkNames,
  nodeAddress,
  type OptionNames,
  type Random,
  readBusNames,
  systemClock,
  typeName,
  UsageError,
} from '@imcore/server/ports';
import { Client, type ClientConfig } from 'pg';

/** Connection parameters as single fields. Missing ones come from libpq's environment variables. */
export interface PostgresConnection {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** A function is called for each new connection, for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /** `true`: TLS with certificate verification; an object: options of `tls.connect`. Default: no TLS. */
  readonly ssl?: ClientConfig['ssl'];
}

/** Options of {@link postgresCluster}. */
export interface PostgresClusterOptions {
  /** Name of this node: 1 to 64 of `A-Z a-z 0-9 _ -`. Two running nodes must not have the same. */
  readonly nodeId: string;
  /**
   * Name of the cluster, of the same characters. Clusters of different names in one database do not hear each other.
   * Together with `nodeId` at most 53 characters. Default `main`.
   */
  readonly clusterName?: string | undefined;
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. It is never logged. Takes precedence over `connection`. */
  readonly url?: string | undefined;
  /** The same as single fields. Default: libpq's environment variables (`PGHOST`, …), then the local server. */
  readonly connection?: PostgresConnection | undefined;
}

/** What no operator has to choose. */
const FIXED = {
  /** Time between two probes, in milliseconds: after three of them without an answer the connection is given up. */
  probeMs: 1000,
  /** Probe times that opening a connection may take, at most. */
  connectProbes: 5,
  /** Wait before the first new try to connect, in milliseconds; each doubles, with jitter. */
  minBackoffMs: 250,
  /** The longest such wait, in milliseconds. */
  maxBackoffMs: 2000,
  /** How long `close` waits for the server, in milliseconds. */
  closeMs: 2000,
  /** Frames that wait to be written, in bytes of their texts. */
  maxWaitingBytes: 8 * 1024 * 1024,
  clock: systemClock as Clock,
  random: Math.random as Random,
};

/** Options, checked and complete, and what is fixed. */
export interface Settings extends Readonly<typeof FIXED>, BusNames {
  readonly client: ClientConfig;
}

/** PostgreSQL cuts longer names of channels. */
const MAX_CHANNEL_BYTES = 63;

const OPTIONS: OptionNames<PostgresClusterOptions> = {
  nodeId: true,
  clusterName: true,
  url: true,
  connection: true,
};

const CONNECTION: OptionNames<PostgresConnection> = {
  host: true,
  port: true,
  user: true,
  password: true,
  database: true,
  ssl: true,
};

/**
 * Checks the options and fills in what is missing.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, which never quotes the URL or a password
 */
export function readOptions(options: PostgresClusterOptions): Settings {
  checkNames(options, OPTIONS);
  const { url, connection } = options;
  const names = readBusNames(options);
  const { length } = nodeAddress(names);
  if (length > MAX_CHANNEL_BYTES) throw tooLong(names, length);
  if (connection !== undefined) checkNames(connection, CONNECTION, 'connection.');
  return { ...FIXED, ...names, client: clientConfig(url, connection) };
}

/** Whether a node of this name can exist in this cluster. */
export function isNodeId(names: BusNames): boolean {
  return /^[A-Za-z0-9_-]+$/.test(names.nodeId) && nodeAddress(names).length <= MAX_CHANNEL_BYTES;
}

function clientConfig(url: unknown, connection: PostgresConnection | undefined): ClientConfig {
  const config: ClientConfig = {
    ...(url === undefined ? connection : { connectionString: readUrl(url) }),
    fallback_application_name: 'imcore-cluster',
  };
  try {
    new Client(config);
  } catch {
    // The reason may quote the URL, and so the password.
    throw invalidUrl();
  }
  return config;
}

function readUrl(url: unknown): string {
  if (typeof url !== 'string' || !/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) throw invalidUrl();
  return url;
}

function invalidUrl(): UsageError {
  return invalid('option url must look like postgres://user:password@host:5432/database');
}

function tooLong({ clusterName, nodeId }: BusNames, length: number): UsageError {
  const most = nodeId.length - (length - MAX_CHANNEL_BYTES);
  const limit =
    most > 0
      ? `option nodeId must have at most ${most} characters`
      : `option clusterName must have at most ${clusterName.length - (length - MAX_CHANNEL_BYTES)} characters`;
  return invalid(
    `${limit}, got ${typeName(nodeId)} in the cluster ${typeName(clusterName)}: ` +
      `its channel would have ${length} bytes, and PostgreSQL allows ${MAX_CHANNEL_BYTES}`,
  );
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_OPTION', message);
}
