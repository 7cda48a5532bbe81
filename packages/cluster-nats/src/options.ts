import { createSecureContext } from 'node:tls';
import {
  type BusNames,
  type Clock,
  checkNames,
  type OptionNames,
  type Random,
  readBusNames,
  systemClock,
  typeName,
  UsageError,
} from '@imcore/server/ports';
import { type Credentials, type NatsServer, readServers } from './servers.js';

/** Certificates of a connection with TLS, as PEM texts. */
export interface NatsTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** This side's certificate, where the server asks for one. */
  readonly cert?: string | undefined;
  /** The private key of `cert`. */
  readonly key?: string | undefined;
}

/** Options of {@link natsCluster}. At most one kind of credentials may be given, as options or in the URLs. */
export interface NatsClusterOptions {
  /** Name of this node: 1 to 64 of `A-Z a-z 0-9 _ -`. Two running nodes must not have the same. */
  readonly nodeId: string;
  /** Name of the cluster, of the same characters. Clusters of different names do not hear each other. Default `main`. */
  readonly clusterName?: string | undefined;
  /**
   * One or several of `nats://user:password@host:4222`, `nats://token@host` or `tls://host`, of one NATS cluster. They are
   * never logged.
   */
  readonly servers: string | readonly string[];
  readonly user?: string | undefined;
  /** The password of `user`. */
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  /** The content of a `.creds` file. */
  readonly creds?: string | undefined;
  /** Requires TLS with certificate verification, as `tls://` does; `{}` trusts the system's authorities. */
  readonly tls?: NatsTls | undefined;
}

/** What no operator has to choose. */
const FIXED = {
  /** Wait before a new try to connect, in milliseconds. */
  backoffMs: 250,
  /** What is added to it at most, by chance, in milliseconds. */
  jitterMs: 100,
  /** How long a server may take to answer a new connection, in milliseconds. */
  connectTimeoutMs: 5000,
  /** Time between two pings, in milliseconds. A connection is given up at the ping behind `maxPings` unanswered ones. */
  pingMs: 1000,
  maxPings: 2,
  /** How long `close` waits for the server, in milliseconds. */
  closeMs: 2000,
  /** Bytes that the server has not confirmed to have read. */
  maxWaitingBytes: 8 * 1024 * 1024,
  clock: systemClock as Clock,
  random: Math.random as Random,
};

/** Options, checked and complete, and what is fixed. */
export interface Settings extends Readonly<typeof FIXED>, BusNames {
  readonly servers: readonly NatsServer[];
  readonly credentials: Credentials;
  readonly tls: NatsTls | undefined;
}

const OPTIONS: OptionNames<NatsClusterOptions> = {
  nodeId: true,
  clusterName: true,
  servers: true,
  user: true,
  pass: true,
  token: true,
  creds: true,
  tls: true,
};

/**
 * Checks the options and fills in what is missing.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, which never quotes a URL or credentials
 */
export function readOptions(options: NatsClusterOptions): Settings {
  checkNames(options, OPTIONS);
  const { tls } = options;
  const names = readBusNames(options);
  const { servers, isSecure, credentials } = readServers(options.servers);
  if (tls !== undefined) checkTls(tls);
  return {
    ...FIXED,
    ...names,
    servers,
    credentials: chooseCredentials(credentials, readCredentials(options)),
    tls: tls ?? (isSecure ? {} : undefined),
  };
}

/** Whether a node can have this name: another text could be a pattern of NATS. */
export function isNodeId(nodeId: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(nodeId);
}

function readCredentials(options: NatsClusterOptions): Credentials {
  const { user, pass, token, creds } = options;
  for (const [name, value] of Object.entries({ user, pass, token, creds })) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw invalid(`option ${name} must be a string that is not empty`);
  }
  if (pass !== undefined && user === undefined) throw invalid('option pass is given without user');
  const given = Object.entries({ user, token, creds }).flatMap(([name, value]) => (value ? [name] : []));
  if (given.length > 1) throw invalid(`options ${given.join(' and ')} cannot be given together`);
  const parts = ['-----BEGIN NATS USER JWT-----', '-----BEGIN USER NKEY SEED-----'];
  if (creds !== undefined && !parts.every((part) => creds.includes(part)))
    throw invalid('option creds must be the content of a NATS credentials file');
  return { user, pass, token, creds };
}

function chooseCredentials(ofUrls: Credentials, ofOptions: Credentials): Credentials {
  const isGiven = ({ user, token, creds }: Credentials) => (user ?? token ?? creds) !== undefined;
  if (isGiven(ofUrls) && isGiven(ofOptions))
    throw invalid('option servers has credentials, and so have the options user, token or creds');
  return isGiven(ofUrls) ? ofUrls : ofOptions;
}

/** Certificates that cannot be read are found now, not with every try to connect. */
function checkTls(tls: NatsTls): void {
  checkNames(tls, { ca: true, cert: true, key: true }, 'tls.');
  for (const [name, value] of Object.entries(tls)) {
    if (value !== undefined && typeof value !== 'string')
      throw invalid(`option tls.${name} must be a PEM text, got ${typeName(value)}`);
  }
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw invalid('options tls.cert and tls.key must be given together');
  try {
    createSecureContext(tls);
  } catch (error) {
    throw invalid(`option tls cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_OPTION', message);
}
