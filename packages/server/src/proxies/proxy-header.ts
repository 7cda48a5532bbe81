import { canonicalAddress, type Endpoint, parsePort } from './ip-address.js';

/** What the first bytes of a connection are. */
type ProxyHeader =
  /** The beginning of a header: more bytes are necessary. */
  | { readonly kind: 'incomplete' }
  /** Not a PROXY header. */
  | { readonly kind: 'absent' }
  /** A header that violates the protocol. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /**
   * A header of `length` bytes. `source` is the client's address; `undefined` if the header contains none: the connection is
   * the proxy's own, such as a health check, or the proxy does not know the address.
   */
  | { readonly kind: 'complete'; readonly length: number; readonly source: Endpoint | undefined };

/** Maximum size of a header of version 1, by its specification: with the line end, in bytes. */
const MAX_V1_BYTES = 107;

/**
 * Maximum size of a header of version 2 that is accepted, in bytes. Proxies send at most some hundred: the addresses take up
 * to 232, the rest are extensions, which are skipped.
 */
export const MAX_PROXY_HEADER_BYTES = 4096;

const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Bytes of a header of version 2 before the addresses. */
const V2_FIXED_BYTES = 16;

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };
const ABSENT: ProxyHeader = { kind: 'absent' };

/**
 * Reads the PROXY header, version 1 or 2, at the beginning of a connection.
 *
 * Pure: the caller passes all bytes that have arrived, again after each chunk. It never needs more than
 * {@link MAX_PROXY_HEADER_BYTES}: with so many bytes the result is never `incomplete`.
 *
 * @see https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, V1_START)) return bytes.length < V1_START.length ? INCOMPLETE : readLine(bytes);
  if (startsLike(bytes, V2_START)) return bytes.length < V2_FIXED_BYTES ? INCOMPLETE : readBinary(bytes);
  return ABSENT;
}

/** Whether the bytes agree with `start`, as far as they have arrived. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

/** Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443`, terminated by CR and LF. */
function readLine(bytes: Buffer): ProxyHeader {
  const text = bytes.toString('latin1', 0, MAX_V1_BYTES);
  const end = text.indexOf('\r\n');
  if (end < 0)
    return bytes.length < MAX_V1_BYTES ? INCOMPLETE : malformed(`no line end within ${MAX_V1_BYTES} bytes`);
  const length = end + 2;
  const [, protocol = '', ...fields] = text.slice(0, end).split(' ');
  // What follows UNKNOWN must be ignored.
  if (protocol === 'UNKNOWN') return { kind: 'complete', length, source: undefined };
  const source = protocol === 'TCP4' || protocol === 'TCP6' ? sourceOf(protocol, fields) : undefined;
  return source === undefined
    ? malformed('the line is not PROXY TCP4|TCP6|UNKNOWN with addresses and ports')
    : { kind: 'complete', length, source };
}

function sourceOf(protocol: 'TCP4' | 'TCP6', fields: readonly string[]): Endpoint | undefined {
  if (fields.length !== 4) return undefined;
  const [source = '', destination = '', ...ports] = fields;
  const isOfFamily = (address: string) => address.includes(':') === (protocol === 'TCP6');
  if (!isOfFamily(source) || !isOfFamily(destination)) return undefined;
  const address = canonicalAddress(source);
  const [port, destinationPort] = ports.map(parsePort);
  const isValid = canonicalAddress(destination) !== undefined && destinationPort !== undefined;
  return address === undefined || port === undefined || !isValid ? undefined : { address, port };
}

/** Bytes of the address block of each address family of version 2. */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;
const [INET, INET6] = [1, 2];
const STREAM = 1;

/** Version 2: signature, version and command, family and protocol, length, addresses, extensions. */
function readBinary(bytes: Buffer): ProxyHeader {
  const [versionAndCommand = 0, familyAndProtocol = 0] = bytes.subarray(V2_START.length);
  const [version, command] = [versionAndCommand >> 4, versionAndCommand & 0xf];
  if (version !== 2) return malformed(`version ${version} is not 2`);
  if (command > 1) return malformed(`command ${command} is not LOCAL or PROXY`);
  const length = V2_FIXED_BYTES + bytes.readUInt16BE(V2_START.length + 2);
  if (length > MAX_PROXY_HEADER_BYTES)
    return malformed(`${length} bytes, the maximum is ${MAX_PROXY_HEADER_BYTES}`);
  const isLocal = command === 0;
  const problem = isLocal ? undefined : problemOf(familyAndProtocol, length - V2_FIXED_BYTES);
  if (problem !== undefined) return malformed(problem);
  if (bytes.length < length) return INCOMPLETE;
  return { kind: 'complete', length, source: isLocal ? undefined : binarySource(bytes, familyAndProtocol) };
}

/** Why family and protocol, or the length of the addresses, are invalid. */
function problemOf(familyAndProtocol: number, addressBytes: number): string | undefined {
  const [family, protocol] = [familyAndProtocol >> 4, familyAndProtocol & 0xf];
  const necessary = ADDRESS_BYTES[family];
  // Family and protocol are both unspecified, or both specified.
  if (necessary === undefined || protocol > 2 || (family === 0) !== (protocol === 0))
    return `family and protocol 0x${familyAndProtocol.toString(16).padStart(2, '0')} are not defined`;
  if (addressBytes < necessary) return `${addressBytes} bytes of addresses, the family needs ${necessary}`;
  return undefined;
}

/** The client's address; `undefined` for families and protocols other than TCP over IPv4 and IPv6. */
function binarySource(bytes: Buffer, familyAndProtocol: number): Endpoint | undefined {
  const [family, protocol] = [familyAndProtocol >> 4, familyAndProtocol & 0xf];
  if (protocol !== STREAM) return undefined;
  const at = V2_FIXED_BYTES;
  if (family === INET)
    return { address: bytes.subarray(at, at + 4).join('.'), port: bytes.readUInt16BE(at + 8) };
  if (family !== INET6) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index).toString(16));
  const address = canonicalAddress(groups.join(':')) ?? '';
  return { address, port: bytes.readUInt16BE(at + 32) };
}

function malformed(reason: string): ProxyHeader {
  return { kind: 'malformed', reason };
}
