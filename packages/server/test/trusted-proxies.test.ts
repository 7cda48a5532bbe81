import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../src/proxies/ip-address.js';
import { TrustedProxies } from '../src/proxies/trusted-proxies.js';

describe('TrustedProxies', () => {
  it.each([
    [['10.0.0.0/8'], '10.255.3.4', true],
    [['10.0.0.0/8'], '11.0.0.0', false],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['192.0.2.1'], '192.0.2.1', true],
    [['192.0.2.1'], '192.0.2.2', false],
    [['2001:db8::/33'], '2001:db8:7fff::1', true],
    [['2001:db8::/33'], '2001:db8:8000::1', false],
    [['::1'], '::1', true],
    [['::ffff:10.0.0.0/104'], '10.9.9.9', true],
    [['::ffff:10.0.0.0/104'], '11.9.9.9', false],
    [['::ffff:192.0.2.1'], '192.0.2.1', true],
    [['0.0.0.0/0'], '198.51.100.7', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [[], '127.0.0.1', false],
    [['10.0.0.0/8'], '', false],
    [['10.0.0.0/8'], 'localhost', false],
    [['0.0.0.0/0'], '1.2.3', false],
    [['0.0.0.0/0'], '1.2.3.4.5', false],
    [['0.0.0.0/0'], '1.2.3.256', false],
    [['0.0.0.0/0'], '1..3.4', false],
    [['0.0.0.0/0'], '1.2.3.', false],
    [['0.0.0.0/0', '::/0'], '1.2.3.4x', false],
    [['::/0'], '2001:db8::1', true],
    [['::/0'], '::ffff:2001:db8', true],
    [['128.0.0.0/1'], '255.255.255.255', true],
    [['255.255.255.255'], '255.255.255.255', true],
    [['0.0.0.0'], '0.0.0.0', true],
  ] as const)('%j includes %s: %s', (networks, address, expected) => {
    expect(new TrustedProxies(networks).includes(address)).toBe(expected);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['10.0.0.1', false],
    ['::2', false],
  ])('includes loopback by default: %s, %s', (address, expected) => {
    expect(new TrustedProxies().includes(address)).toBe(expected);
  });

  it('includes exactly the addresses that have the bits of a network', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.integer({ min: 0, max: 32 }),
        fc.nat(0xffffffff),
        (base, bits, other) => {
          const networks = new TrustedProxies([`${dotted(base)}/${bits}`]);
          const isInside = bits === 0 || base >>> (32 - bits) === other >>> (32 - bits);
          expect(networks.includes(dotted(other))).toBe(isInside);
          if (bits > 0) expect(networks.includes(dotted((base ^ (1 << (32 - bits))) >>> 0))).toBe(false);
        },
      ),
    );
  });

  it.each([
    ['10.0.0.0/33', 'got the string "10.0.0.0/33"'],
    ['10.0.0.0/-1', 'got the string "10.0.0.0/-1"'],
    ['10.0.0.0/', 'got the string "10.0.0.0/"'],
    ['10.0.0.0/8/8', 'got the string "10.0.0.0/8/8"'],
    ['10.0.0', 'got the string "10.0.0"'],
    ['::ffff:10.0.0.0/8', 'got the string "::ffff:10.0.0.0/8"'],
    ['::1/129', 'got the string "::1/129"'],
    ['fe80::1%eth0', 'got the string "fe80::1%eth0"'],
    ['loopback', 'got the string "loopback"'],
    ['', 'got the string ""'],
    [10, 'got the number 10'],
  ])('rejects the network %j', (network, got) => {
    expect(() => new TrustedProxies(['::1', network as string])).toThrow(
      `option trustedProxies[1] must be an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32, ${got}`,
    );
  });

  it('rejects a list that is a string', () => {
    expect(() => new TrustedProxies('10.0.0.0/8' as unknown as string[])).toThrow(
      'option trustedProxies must be an array such as ["10.0.0.0/8", "::1"], got the string "10.0.0.0/8"',
    );
  });
});

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['::ffff:0:c000:201', '::ffff:0:c000:201'],
    ['192.0.2.01', undefined],
    ['192.0.2', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
  ])('of %s is %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });

  it('is the same for every notation of an address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = canonicalAddress(address) ?? '';
        expect(canonicalAddress(address.toUpperCase())).toBe(canonical);
        expect(canonicalAddress(canonical)).toBe(canonical);
      }),
    );
  });
});

function dotted(address: number): string {
  return [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join('.');
}
