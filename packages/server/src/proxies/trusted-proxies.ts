import net from 'node:net';
import { typeName } from '../check-options.js';
import { UsageError } from '../errors.js';
import { canonicalAddress } from './ip-address.js';

/** Loopback: a proxy on the same machine. */
const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];

/** How IPv4-mapped addresses begin, in the form of sockets. */
const MAPPED = '::ffff:';
/** Bits of their prefix. */
const MAPPED_BITS = 96;
/** The code of a dot, from that of `0`. */
const DOT = -2;

/**
 * The networks whose addresses belong to proxies.
 *
 * A proxy is trusted to say on behalf of which address it connects, and its own address is exempt from the limits per address,
 * because many users share it.
 *
 * @see docs/adr/0015-addresses-behind-proxies.md
 */
export class TrustedProxies {
  /** Pairs of a network's first address and its mask. A `net.BlockList` takes a hundred times as long for each connection. */
  readonly #ipv4: { readonly first: number; readonly mask: number }[] = [];
  readonly #ipv6 = new net.BlockList();

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

  /** Whether an IP address, as sockets write it, belongs to one of the networks. False for a text that is none. */
  includes(address: string): boolean {
    const ipv4 = ipv4Number(address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address);
    if (ipv4 === undefined) return address.includes(':') && this.#ipv6.check(address, 'ipv6');
    for (const { first, mask } of this.#ipv4) if ((ipv4 & mask) === first) return true;
    return false;
  }

  #add(network: unknown, index: number): void {
    const parsed = typeof network === 'string' ? parseNetwork(network) : undefined;
    if (parsed === undefined)
      throw invalid(`[${index}]`, 'an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32', network);
    const { address, bits } = parsed;
    const ipv4 = ipv4Number(address);
    if (ipv4 === undefined) this.#ipv6.addSubnet(address, bits, 'ipv6');
    else {
      const mask = bits === 0 ? 0 : -1 << (32 - bits);
      this.#ipv4.push({ first: ipv4 & mask, mask });
    }
  }
}

/** Returns the number of an IPv4 address; `undefined` if the text is none. */
function ipv4Number(address: string): number | undefined {
  let number = 0;
  let part = -1;
  let dots = 0;
  for (let at = 0; at < address.length; at++) {
    const digit = address.charCodeAt(at) - 0x30;
    if (digit >= 0 && digit <= 9) {
      part = Math.max(part, 0) * 10 + digit;
      if (part > 255) return undefined;
    } else if (digit === DOT && part >= 0) {
      number = (number << 8) | part;
      part = -1;
      dots += 1;
    } else return undefined;
  }
  return dots === 3 && part >= 0 ? (number << 8) | part : undefined;
}

interface Network {
  /** In canonical form. */
  readonly address: string;
  readonly bits: number;
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
  return { address, bits };
}

function invalid(member: string, expected: string, value: unknown): UsageError {
  return new UsageError(
    'ERR_INVALID_OPTION',
    `option trustedProxies${member} must be ${expected}, got ${typeName(value)}`,
  );
}
