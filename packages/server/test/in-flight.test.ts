import { dataPacket } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { Delivery } from '../src/delivery/delivery.js';
import { storedOrigin } from '../src/delivery/origins.js';
import { InFlight } from '../src/users/in-flight.js';

function rethrow(error: Error): never {
  throw error;
}

function delivery(from: string, fingerprint: string): Delivery {
  const packet = dataPacket({ from, to: 'bob', content: 'hello', fingerprint });
  return new Delivery(packet, 'body', from, 'bob', storedOrigin, rethrow);
}

describe('InFlight', () => {
  it('returns a delivery by fingerprint and sender, once', () => {
    const inFlight = new InFlight();
    const hello = delivery('alice', 'fp-1');
    expect(inFlight.add('fp-1', hello)).toBe(true);
    expect(inFlight.take('fp-1', 'carol')).toBeUndefined();
    expect(inFlight.take('fp-2', 'alice')).toBeUndefined();
    expect(inFlight.take('fp-1', 'alice')).toBe(hello);
    expect(inFlight.take('fp-1', 'alice')).toBeUndefined();
    expect(inFlight.size).toBe(0);
  });

  it('rejects the same message twice', () => {
    const inFlight = new InFlight();
    expect(inFlight.add('fp-1', delivery('alice', 'fp-1'))).toBe(true);
    expect(inFlight.add('fp-1', delivery('alice', 'fp-1'))).toBe(false);
    expect(inFlight.add('fp-1', delivery('carol', 'fp-1'))).toBe(true);
    expect(inFlight.add('fp-1', delivery('carol', 'fp-1'))).toBe(false);
    expect(inFlight.size).toBe(2);
  });

  it('keeps equal fingerprints of any number of senders apart', () => {
    const inFlight = new InFlight();
    const senders = ['alice', 'carol', 'dave'];
    const all = senders.map((from) => delivery(from, 'fp-1'));
    for (const each of all) inFlight.add('fp-1', each);
    expect(inFlight.take('fp-1', 'dave')).toBe(all[2]);
    expect(inFlight.take('fp-1', 'alice')).toBe(all[0]);
    expect(inFlight.take('fp-1', 'carol')).toBe(all[1]);
  });

  it('returns the first with a fingerprint if no sender is given', () => {
    const inFlight = new InFlight();
    const [first, second] = [delivery('alice', 'fp-1'), delivery('carol', 'fp-1')];
    inFlight.add('fp-1', first);
    inFlight.add('fp-1', second);
    expect(inFlight.take('fp-1', undefined)).toBe(first);
    expect(inFlight.take('fp-1', undefined)).toBeUndefined();
    expect(inFlight.take('fp-1', 'carol')).toBe(second);
  });

  it('distinguishes senders whatever characters their IDs contain', () => {
    const inFlight = new InFlight();
    inFlight.add('fp', delivery('alice', 'fp'));
    inFlight.add('fp', delivery('x', 'fp'));
    const odd = delivery('alice', 'fp\nx');
    expect(inFlight.add('fp\nx', odd)).toBe(true);
    expect(inFlight.take('fp\nx', 'alice')).toBe(odd);
    expect(inFlight.take('fp', 'x')?.from).toBe('x');
  });

  it('removes a delivery, and no other with its fingerprint', () => {
    const inFlight = new InFlight();
    const [first, second] = [delivery('alice', 'fp-1'), delivery('carol', 'fp-1')];
    inFlight.add('fp-1', first);
    inFlight.add('fp-1', second);
    inFlight.remove('fp-1', second);
    expect([...inFlight.values()]).toEqual([first]);
    inFlight.remove('fp-1', first);
    expect(inFlight.size).toBe(0);
  });

  it('removes everything at once, oldest first', () => {
    const inFlight = new InFlight();
    const all = ['b', 'a', 'c'].map((fingerprint) => delivery('alice', fingerprint));
    for (const each of all) inFlight.add(each.fingerprint ?? '', each);
    expect(inFlight.drain()).toEqual(all);
    expect(inFlight.size).toBe(0);
    expect(inFlight.drain()).toEqual([]);
  });
});
