import net from 'node:net';

/** An IP address in canonical form, and a port; 0 if the port is not known. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The prefix of IPv6 addresses that contain an IPv4 address, in canonical form. */
const MAPPED = '::ffff:';

/**
 * Returns an IP address in canonical form, so that equal addresses are equal strings: lower case, zeros shortened, and an
 * IPv4-mapped IPv6 address as IPv4. Returns `undefined` if the text is not an IP address, or has a zone such as `%eth0`.
 */
export function canonicalAddress(text: string): string | undefined {
  if (net.isIPv4(text)) return text;
  if (!net.isIPv6(text) || text.includes('%')) return undefined;
  const { address } = new net.SocketAddress({ address: text, family: 'ipv6' });
  const embedded = address.slice(MAPPED.length);
  return address.startsWith(MAPPED) && net.isIPv4(embedded) ? embedded : address;
}

/** Returns a port that is written in decimal, without a sign and without leading zeros; otherwise `undefined`. */
export function parsePort(text: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}
