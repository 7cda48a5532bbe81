import { describe, expect, it } from 'vitest';
import { AddressTable } from '../src/sessions/address-table.js';

function table(maxSessionsPerAddress: number, loginsPerSecondPerAddress: number): AddressTable {
  return new AddressTable({
    maxSessionsPerAddress,
    loginsPerSecondPerAddress,
    isExempt: (address) => address === '127.0.0.1',
  });
}

describe('AddressTable', () => {
  it('counts sessions in and out', () => {
    const addresses = table(2, 10);
    expect([1, 2, 3].map(() => addresses.enter('a', 0))).toEqual([true, true, false]);
    expect(addresses.enter('b', 0)).toBe(true);
    addresses.leave('a', 0);
    expect(addresses.enter('a', 0)).toBe(true);
    expect(addresses.enter('a', 0)).toBe(false);
  });

  it('delays logins beyond the rate, each longer than the one before', () => {
    const addresses = table(100, 4);
    addresses.enter('a', 0);
    const delays = Array.from({ length: 7 }, () => addresses.loginDelayMs('a', 0));
    expect(delays).toEqual([0, 0, 0, 0, 250, 500, 750]);
  });

  it('restores the burst over a second', () => {
    const addresses = table(100, 4);
    addresses.enter('a', 0);
    for (let i = 0; i < 4; i++) addresses.loginDelayMs('a', 0);
    expect(addresses.loginDelayMs('a', 250)).toBe(0);
    expect(addresses.loginDelayMs('a', 250)).toBe(250);
    const delays = Array.from({ length: 5 }, () => addresses.loginDelayMs('a', 60_000));
    expect(delays).toEqual([0, 0, 0, 0, 250]);
  });

  it.each(['127.0.0.1', ''])('counts neither sessions nor logins of the exempt address "%s"', (address) => {
    const addresses = table(1, 1);
    for (let i = 0; i < 3; i++) {
      expect(addresses.enter(address, 0)).toBe(true);
      expect(addresses.loginDelayMs(address, 0)).toBe(0);
    }
    expect(addresses.size).toBe(0);
    addresses.leave('127.0.0.1', 0);
  });

  it('forgets an address with its last session', () => {
    const addresses = table(2, 10);
    addresses.enter('a', 0);
    addresses.enter('a', 0);
    addresses.leave('a', 0);
    expect(addresses.size).toBe(1);
    addresses.leave('a', 0);
    expect(addresses.size).toBe(0);
  });

  it('remembers an address without a session while its logins are delayed', () => {
    const addresses = table(2, 1);
    addresses.enter('a', 0);
    for (let i = 0; i < 2; i++) addresses.loginDelayMs('a', 0);
    addresses.leave('a', 0);
    addresses.enter('a', 0);
    expect(addresses.loginDelayMs('a', 0)).toBe(2000);
  });

  it('gives no new burst to an address that reconnects while its logins still count', () => {
    const addresses = table(2, 10);
    addresses.enter('a', 0);
    for (let i = 0; i < 10; i++) expect(addresses.loginDelayMs('a', 0)).toBe(0);
    addresses.leave('a', 0);
    addresses.enter('a', 0);
    expect(addresses.loginDelayMs('a', 0)).toBe(100);
  });

  it('rejects a login that would wait for more than two seconds, and does not count it', () => {
    const addresses = table(2, 1);
    addresses.enter('a', 0);
    for (let i = 0; i < 3; i++) addresses.loginDelayMs('a', 0);
    for (let i = 0; i < 100; i++) expect(addresses.loginDelayMs('a', 0)).toBeUndefined();
    expect(addresses.loginDelayMs('a', 1000)).toBe(2000);
  });

  it('does not grow with addresses that connect once, however fast they log in', () => {
    const addresses = table(2, 1);
    for (let i = 0; i < 20_000; i++) {
      const address = `10.0.${i >> 8}.${i & 255}`;
      addresses.enter(address, i);
      addresses.loginDelayMs(address, i);
      addresses.loginDelayMs(address, i);
      addresses.leave(address, i);
    }
    expect(addresses.size).toBeLessThan(3000);
  });
});
