import net from 'node:net';
import { typeName } from '../check-options.js';
import { UsageError } from '../errors.js';
import { canonicalAddress } from './ip-address.js';

/** Loopback: a proxy on the same machine. */
const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];

/** Bits of the prefix of IPv4-mapped addresses, `::ffff:0:0/96`. */
const MAPPED_BITS = 96;

/**
 * The networks whose addresses belong to proxies.
 *
 * A proxy is trusted to say on behalf of which address it connects, and its own address is exempt from the limits per address,
 * because many users share it.
 *
 * @see docs/adr/0015-addresses-behind-proxies.md
 */
export class TrustedProxies {
  readonly #networks = new net.BlockList();

  /**
   * `networks`: IPv4 and IPv6 addresses, and networks such as `10.0.0.0/8`. An IPv4 network also contains the IPv4-mapped form
   * of its addresses.
   *
   * @throws UsageError `ERR_INVALID_OPTION`
   */
  constructor(networks: readonly string[] = LOOPBACK) {
    if (!Array.isArray(networks)) throw invalid('', `an array such as ["10.0.0.0/8", "::1"]`, networks);
    for (const [index, network] of networks.entries()) this.#add(network, index);
  }

  /** Whether an IP address belongs to one of the networks. False for a text that is not an address. */
  includes(address: string): boolean {
    return this.#networks.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }

  #add(network: unknown, index: number): void {
    const parsed = typeof network === 'string' ? parseNetwork(network) : undefined;
    if (parsed === undefined)
      throw invalid(`[${index}]`, 'an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32', network);
    const { address, bits, family } = parsed;
    this.#networks.addSubnet(address, bits, family);
  }
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Parses an address or a network. A network of IPv4-mapped addresses is converted to IPv4. */
function parseNetwork(text: string): Network | undefined {
  const [given = '', prefix, ...rest] = text.split('/');
  const address = canonicalAddress(given);
  if (address === undefined || rest.length > 0) return undefined;
  const isIpv4 = net.isIPv4(address);
  // The prefix counts the bits of the address as it was written.
  const offset = isIpv4 && given.includes(':') ? MAPPED_BITS : 0;
  const max = isIpv4 ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? max : Number(prefix) - offset;
  if (bits < 0 || bits > max) return undefined;
  return { address, bits, family: isIpv4 ? 'ipv4' : 'ipv6' };
}

function invalid(member: string, expected: string, value: unknown): UsageError {
  return new UsageError(
    'ERR_INVALID_OPTION',
    `option trustedProxies${member} must be ${expected}, got ${typeName(value)}`,
  );
}
