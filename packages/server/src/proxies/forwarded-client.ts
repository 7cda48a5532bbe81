import { canonicalAddress, type Endpoint, parsePort } from './ip-address.js';

/** The HTTP headers in which a proxy can name the client's address. */
export const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded'] as const;

/** The name of such a header. */
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number];

/** Maximum number of trusted proxies in a row. */
export const MAX_PROXIES = 32;

/** The client of a request, or why the header that names it is malformed. */
type ForwardedClient =
  | { readonly kind: 'client'; readonly client: Endpoint }
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * Finds the client of a request that a trusted proxy has forwarded: the last address in the header that is not a trusted
 * proxy's.
 *
 * Each proxy appends the address that connected to it. So the entries are read from the last one, as long as a trusted proxy
 * has written them; what stands before them may be forged and is not read. If all addresses are trusted, it is the first. If a
 * proxy does not name an address, it is the address of that proxy.
 *
 * @param peer the trusted proxy that has connected
 */
export function forwardedClient(
  peer: Endpoint,
  header: ForwardedHeader,
  value: string,
  isTrusted: (address: string) => boolean,
): ForwardedClient {
  const entries = header === 'forwarded' ? forwardedEntries(value) : listEntries(value);
  if (entries === undefined) return malformed(header, 'it is not a list of name=value pairs');
  let client = peer;
  for (let hops = 0; ; hops++) {
    const entry = entries.pop();
    if (entry === undefined || isHidden(entry)) return { kind: 'client', client };
    if (hops >= MAX_PROXIES) return malformed(header, `it contains more than ${MAX_PROXIES} trusted proxies`);
    const endpoint = parseEndpoint(entry);
    if (endpoint === undefined) return malformed(header, 'an entry of a trusted proxy is not an IP address');
    client = endpoint;
    if (!isTrusted(client.address)) return { kind: 'client', client };
  }
}

/** The entries of `X-Forwarded-For`; empty ones are skipped, as in every list of HTTP. */
function listEntries(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** One `name=value` of `Forwarded`, and what follows it. The value is a token or a quoted string. */
const PAIR = /[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")[ \t]*([;,]|$)/y;
/** An element of the list that is empty. */
const NOTHING = /[ \t]*(,|$)/y;

/**
 * The values of `for` in `Forwarded`, `unknown` for elements without it. Returns `undefined` if the header violates the syntax.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-4
 */
function forwardedEntries(value: string): string[] | undefined {
  const entries: string[] = [];
  let at = 0;
  while (at < value.length) {
    NOTHING.lastIndex = at;
    if (NOTHING.test(value)) {
      at = NOTHING.lastIndex;
      continue;
    }
    let entry: string | undefined;
    for (let separator: string | undefined = ';'; separator === ';'; ) {
      PAIR.lastIndex = at;
      const [all, name = '', token, quoted, end] = PAIR.exec(value) ?? [];
      if (all === undefined) return undefined;
      at += all.length;
      separator = end;
      if (name.toLowerCase() !== 'for') continue;
      if (entry !== undefined) return undefined;
      entry = token ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? '';
    }
    entries.push(entry ?? 'unknown');
  }
  return entries;
}

/** Whether a proxy hides the address: `unknown`, or a name that it has made up, such as `_hidden`. */
function isHidden(entry: string): boolean {
  return /^(?:unknown|_[\w.-]+)(?::(?:\d{1,5}|_[\w.-]+))?$/i.test(entry);
}

/** Parses `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:4711`. */
function parseEndpoint(entry: string): Endpoint | undefined {
  const plain = canonicalAddress(entry);
  if (plain !== undefined) return { address: plain, port: 0 };
  const [, bracketed, unbracketed = '', givenPort] =
    /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::(\d+|_[\w.-]+))?$/i.exec(entry) ?? [];
  if (bracketed?.includes(':') === false) return undefined;
  const address = canonicalAddress(bracketed ?? unbracketed);
  // A port may be a name that the proxy has made up.
  const port = givenPort === undefined || givenPort.startsWith('_') ? 0 : parsePort(givenPort);
  return address === undefined || port === undefined ? undefined : { address, port };
}

function malformed(header: ForwardedHeader, problem: string): ForwardedClient {
  return { kind: 'malformed', reason: `the header ${header} is invalid: ${problem}` };
}
