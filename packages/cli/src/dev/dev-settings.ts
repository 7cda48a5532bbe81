import { CommandError } from '../command-error.js';
import { wholeNumber } from '../whole-number.js';

/** Flags of `imcore dev`, as given. */
export interface DevFlags {
  readonly nodes: string;
  readonly port: string;
  readonly store?: string | undefined;
  readonly cluster?: string | undefined;
}

/** Settings of `imcore dev`, checked. */
export interface DevSettings {
  /** Number of nodes, 2 to 9. */
  readonly nodes: number;
  /** Port of the control page; the others are derived from it. 0: free ones are picked. */
  readonly port: number;
  /** URL of a PostgreSQL database; undefined: one is found or started. */
  readonly store: string | undefined;
  /** `postgres`, the URL of a PostgreSQL database, or that of one NATS server; undefined: one is found or started. */
  readonly cluster: string | undefined;
}

const MIN_NODES = 2;
const MAX_NODES = 9;
/** Highest port of the control page, so that the ports of nine nodes are below 65536. */
const MAX_PORT = 65_400;
const POSTGRES = /^postgres(ql)?:\/\//;

/** @throws CommandError for invalid or contradictory flags. It never contains a URL, which may contain a password. */
export function readDevSettings({ nodes, port, store, cluster }: DevFlags): DevSettings {
  if (store !== undefined && !(POSTGRES.test(store) && URL.canParse(store)))
    throw new CommandError(
      '--store must be the URL of a PostgreSQL database, which all nodes share',
      'Example: --store postgres://postgres@127.0.0.1:5432/imcore',
    );
  if (cluster !== undefined && cluster !== 'postgres' && !isBusUrl(cluster))
    throw new CommandError(
      '--cluster must be postgres, a postgres:// URL, or the nats:// URL of one server',
      'Example: --cluster nats://127.0.0.1:4222',
    );
  const bus = cluster === 'postgres' ? store : cluster;
  if (bus !== undefined && POSTGRES.test(bus) && /[?&]sslmode=(?!disable|prefer)/.test(bus))
    throw new CommandError(
      'The connection of the nodes to each other goes through a proxy that can cut it, which TLS does not allow',
      'Give --cluster nats://… or --cluster with the URL of a database without sslmode.',
    );
  return {
    nodes: wholeNumber('--nodes', nodes, MIN_NODES, MAX_NODES),
    port: wholeNumber('--port', port, 0, MAX_PORT),
    store,
    cluster,
  };
}

function isBusUrl(url: string): boolean {
  return (POSTGRES.test(url) || (/^nats:\/\//.test(url) && !url.includes(','))) && URL.canParse(url);
}
