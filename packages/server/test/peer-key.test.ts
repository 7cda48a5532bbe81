import { describe, expect, it } from 'vitest';
import { peerKey } from '../src/transports/peer-key.js';

describe('peerKey', () => {
  it('is a number for an IPv4 address, another one for each address and port', () => {
    expect(peerKey('0.0.0.1', 2)).toBe(65_538);
    expect(peerKey('255.255.255.255', 65_535)).toBe(2 ** 48 - 1);
    const peers = ['1.2.3.4', '4.3.2.1', '12.3.4.5', '1.23.4.5', '1.2.34.5', '127.0.0.1', '127.0.1.0'];
    const keys = peers.flatMap((address) => [1, 2, 65_535].map((port) => peerKey(address, port)));
    expect(new Set(keys).size).toBe(21);
  });

  it('is a string for an IPv6 address', () => {
    expect(peerKey('::1', 7901)).toBe('::1 7901');
    expect(peerKey('::ffff:1.2.3.4', 7901)).toBe('::ffff:1.2.3.4 7901');
    expect(peerKey('1::', 7901)).toBe('1:: 7901');
    expect(peerKey('fe80::1%2', 1)).toBe('fe80::1%2 1');
  });
});
