import { describe, expect, it } from 'vitest';
import { NEVER } from '../src/clock.js';
import { type QosPacket, RetransmissionWindow } from '../src/retransmission-window.js';
import { packetWith } from './packet-fixture.js';

const policy = { waitMs: 5000, retries: 2 };

function packet(fp: string): QosPacket {
  return { ...packetWith(), fp };
}

describe('RetransmissionWindow', () => {
  it('has no deadline while it is empty', () => {
    const window = new RetransmissionWindow(policy);
    expect(window.nextDeadline).toBe(NEVER);
    expect(window.collectDue(1_000_000)).toEqual({ retransmit: [], abandoned: [] });
  });

  it('returns a packet only when its wait is over', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 100);
    expect(window.nextDeadline).toBe(5100);
    expect(window.collectDue(5099).retransmit).toEqual([]);
    expect(window.collectDue(5100).retransmit).toEqual([packet('a')]);
  });

  it('abandons a packet one wait after its last retransmission', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 0);
    expect(window.collectDue(5000)).toEqual({ retransmit: [packet('a')], abandoned: [] });
    expect(window.collectDue(10_000)).toEqual({ retransmit: [packet('a')], abandoned: [] });
    expect(window.collectDue(14_999)).toEqual({ retransmit: [], abandoned: [] });
    expect(window.collectDue(15_000)).toEqual({ retransmit: [], abandoned: [packet('a')] });
    expect(window.size).toBe(0);
  });

  it('starts the next wait when a packet is collected, not when it was due', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 0);
    window.collectDue(9000);
    expect(window.nextDeadline).toBe(14_000);
  });

  it('abandons a packet after the first wait if there are no retries', () => {
    const window = new RetransmissionWindow({ waitMs: 10, retries: 0 });
    window.add(packet('a'), 0);
    expect(window.collectDue(10)).toEqual({ retransmit: [], abandoned: [packet('a')] });
  });

  it('removes an acknowledged packet and returns its attempts and send time', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 40);
    window.collectDue(5040);
    expect(window.acknowledge('a')).toMatchObject({ packet: packet('a'), attempts: 2, sentAt: 40 });
    expect(window.has('a')).toBe(false);
    expect(window.collectDue(1_000_000)).toEqual({ retransmit: [], abandoned: [] });
  });

  it('ignores an unknown or repeated acknowledgement', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 0);
    expect(window.acknowledge('b')).toBeUndefined();
    window.acknowledge('a');
    expect(window.acknowledge('a')).toBeUndefined();
  });

  it('does not start a second wait for the same fingerprint', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 0);
    window.add(packet('a'), 4000);
    expect(window.size).toBe(1);
    expect(window.nextDeadline).toBe(5000);
  });

  it('removes a packet that the sender gave up', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 0);
    window.remove('a');
    expect(window.size).toBe(0);
  });

  it('collects only due packets, oldest first, after any number of attempts', () => {
    const window = new RetransmissionWindow(policy);
    window.add(packet('a'), 0);
    window.add(packet('b'), 1000);
    window.collectDue(5000);
    window.add(packet('c'), 5500);
    expect(window.nextDeadline).toBe(6000);
    expect(window.collectDue(6000).retransmit).toEqual([packet('b')]);
    expect(window.nextDeadline).toBe(10_000);
    expect([...window.packets()]).toEqual([packet('a'), packet('c'), packet('b')]);
  });
});
