import { describe, expect, it } from 'vitest';
import { NEVER } from '../src/clock.js';
import { Outbox, type QosPacket } from '../src/outbox.js';
import { packetWith } from './packet-fixture.js';

const policy = { waitMs: 5000, retries: 2 };

function packet(fp: string): QosPacket {
  return { ...packetWith(), fp };
}

describe('Outbox', () => {
  it('has no deadline while nothing waits', () => {
    const outbox = new Outbox(policy);
    expect(outbox.nextDeadline).toBe(NEVER);
    expect(outbox.collectDue(1_000_000)).toEqual({ retransmit: [], abandoned: [] });
  });

  it('leaves a packet alone until its wait is over', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 100);
    expect(outbox.nextDeadline).toBe(5100);
    expect(outbox.collectDue(5099).retransmit).toEqual([]);
    expect(outbox.collectDue(5100).retransmit).toEqual([packet('a')]);
  });

  it('writes the last copy, waits once more and then abandons', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 0);
    expect(outbox.collectDue(5000)).toEqual({ retransmit: [packet('a')], abandoned: [] });
    expect(outbox.collectDue(10_000)).toEqual({ retransmit: [packet('a')], abandoned: [] });
    expect(outbox.collectDue(14_999)).toEqual({ retransmit: [], abandoned: [] });
    expect(outbox.collectDue(15_000)).toEqual({ retransmit: [], abandoned: [packet('a')] });
    expect(outbox.size).toBe(0);
  });

  it('counts the wait of a copy from when it was written, not from when it was due', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 0);
    outbox.collectDue(9000);
    expect(outbox.nextDeadline).toBe(14_000);
  });

  it('abandons at once where there are no retries', () => {
    const outbox = new Outbox({ waitMs: 10, retries: 0 });
    outbox.add(packet('a'), 0);
    expect(outbox.collectDue(10)).toEqual({ retransmit: [], abandoned: [packet('a')] });
  });

  it('ends the wait with the acknowledgement and tells how it went', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 40);
    outbox.collectDue(5040);
    expect(outbox.acknowledge('a')).toMatchObject({ packet: packet('a'), attempts: 2, sentAt: 40 });
    expect(outbox.has('a')).toBe(false);
    expect(outbox.collectDue(1_000_000)).toEqual({ retransmit: [], abandoned: [] });
  });

  it('ignores an acknowledgement that is unknown or repeated', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 0);
    expect(outbox.acknowledge('b')).toBeUndefined();
    outbox.acknowledge('a');
    expect(outbox.acknowledge('a')).toBeUndefined();
  });

  it('does not begin a second wait for a fingerprint that already waits', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 0);
    outbox.add(packet('a'), 4000);
    expect(outbox.size).toBe(1);
    expect(outbox.nextDeadline).toBe(5000);
  });

  it('forgets a packet that its owner gave up', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 0);
    outbox.remove('a');
    expect(outbox.size).toBe(0);
  });

  it('collects only what is due, oldest first, in any mixture of copies', () => {
    const outbox = new Outbox(policy);
    outbox.add(packet('a'), 0);
    outbox.add(packet('b'), 1000);
    outbox.collectDue(5000);
    outbox.add(packet('c'), 5500);
    expect(outbox.nextDeadline).toBe(6000);
    expect(outbox.collectDue(6000).retransmit).toEqual([packet('b')]);
    expect(outbox.nextDeadline).toBe(10_000);
    expect([...outbox.packets()]).toEqual([packet('a'), packet('c'), packet('b')]);
  });
});
