import { UsageError } from '@imcore/server/ports';

/** Where a server listens. */
export interface NatsServer {
  readonly host: string;
  readonly port: number;
}

/** At most one kind: user and password, a token, or the content of a credentials file. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  readonly creds?: string | undefined;
}

interface ServerList {
  readonly servers: readonly NatsServer[];
  /** Whether one of them has the scheme `tls`. */
  readonly isSecure: boolean;
  readonly credentials: Credentials;
}

const DEFAULT_PORT = 4222;
const PROBLEM = 'must be one or several of nats://user:password@host:4222, nats://token@host or tls://host';

/**
 * Reads the option `servers`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, which never quotes a URL
 */
export function readServers(value: unknown): ServerList {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0) throw invalid(PROBLEM);
  const urls = texts.map(readUrl);
  const credentials = urls.map(credentialsOf);
  const [first = {}] = credentials;
  if (credentials.some((each) => JSON.stringify(each) !== JSON.stringify(first)))
    throw invalid('has different credentials in its URLs: a node has one account');
  return {
    servers: urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? DEFAULT_PORT : Number(port),
    })),
    isSecure: urls.some(({ protocol }) => protocol === 'tls:'),
    credentials: first,
  };
}

function readUrl(text: unknown): URL {
  if (typeof text !== 'string') throw invalid(PROBLEM);
  const withScheme = text.includes('://') ? text : `nats://${text}`;
  if (!URL.canParse(withScheme)) throw invalid(PROBLEM);
  const url = new URL(withScheme);
  if (!['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') throw invalid(PROBLEM);
  // A password with a bare /, ? or # ends the host's part: what is left of it would be taken for host and port.
  if (url.search !== '' || url.hash !== '' || !['', '/'].includes(url.pathname))
    throw invalid('has a /, ? or # that must be escaped, as in encodeURIComponent(password)');
  return url;
}

function credentialsOf({ username, password }: URL): Credentials {
  try {
    const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
    if (pass !== '') return { user, pass };
    return user === '' ? {} : { token: user };
  } catch {
    throw invalid(PROBLEM);
  }
}

function invalid(problem: string): UsageError {
  return new UsageError('ERR_INVALID_OPTION', `option servers ${problem}`);
}
