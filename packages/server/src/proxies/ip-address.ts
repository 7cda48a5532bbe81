import net from 'node:net';

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
