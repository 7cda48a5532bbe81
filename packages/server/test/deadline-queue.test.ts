import { VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { DeadlineQueue, type DeadlineRing, type RingEntry } from '../src/timers/deadline-queue.js';

class Entry implements RingEntry {
  readonly name: string;
  dueAt = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(name: string) {
    this.name = name;
  }
}

function setUp() {
  const clock = new VirtualClock();
  const pauses: number[] = [];
  const queue = new DeadlineQueue(clock, (ms) => pauses.push(ms));
  const due: string[] = [];
  const ring = (waitMs: number) =>
    queue.ring<Entry>(waitMs, ({ name }) => due.push(`${name} at ${clock.now()}`));
  return { clock, queue, due, pauses, ring };
}

describe('DeadlineRing', () => {
  it('calls onDue for entries in the order in which they started, each after its wait', () => {
    const { clock, due, ring } = setUp();
    const hundred = ring(100);
    for (const name of ['a', 'b', 'c']) {
      hundred.start(new Entry(name), clock.now());
      clock.advance(10);
    }
    clock.advance(1000);
    expect(due).toEqual(['a at 100', 'b at 110', 'c at 120']);
  });

  it('does not call onDue for a stopped entry, at any position', () => {
    const { clock, due, ring } = setUp();
    const hundred = ring(100);
    const entries = ['a', 'b', 'c', 'd', 'e'].map((name) => new Entry(name));
    for (const entry of entries) hundred.start(entry, 0);
    for (const index of [0, 2, 4]) {
      const entry = entries[index];
      if (entry !== undefined) hundred.stop(entry);
    }
    clock.advance(100);
    expect(due).toEqual(['b at 100', 'd at 100']);
  });

  it('moves an entry that is restarted to the end', () => {
    const { clock, due, ring } = setUp();
    const hundred = ring(100);
    const [a, b] = [new Entry('a'), new Entry('b')];
    hundred.start(a, 0);
    hundred.start(b, 0);
    clock.advance(50);
    hundred.start(a, clock.now());
    clock.advance(1000);
    expect(due).toEqual(['b at 100', 'a at 150']);
  });

  it('moves an entry from another ring', () => {
    const { clock, due, ring } = setUp();
    const [slow, fast] = [ring(100), ring(10)];
    const a = new Entry('a');
    slow.start(a, 0);
    fast.start(a, 0);
    clock.advance(1000);
    expect(due).toEqual(['a at 10']);
  });

  it('ignores the stop of an entry that is not in the ring', () => {
    const { clock, due, ring } = setUp();
    const [slow, fast] = [ring(100), ring(10)];
    const a = new Entry('a');
    fast.stop(a);
    slow.start(a, 0);
    fast.stop(a);
    clock.advance(100);
    fast.stop(a);
    expect(due).toEqual(['a at 100']);
  });

  it('allows an entry to be restarted in onDue', () => {
    const clock = new VirtualClock();
    const queue = new DeadlineQueue(clock);
    const times: number[] = [];
    const ring: DeadlineRing = queue.ring<Entry>(100, (entry) => {
      times.push(clock.now());
      if (times.length < 3) ring.start(entry, clock.now());
    });
    ring.start(new Entry('a'), 0);
    clock.advance(1000);
    expect(times).toEqual([100, 200, 300]);
  });

  it('allows an entry to stop the next one in onDue', () => {
    const clock = new VirtualClock();
    const queue = new DeadlineQueue(clock);
    const due: string[] = [];
    const b = new Entry('b');
    const ring: DeadlineRing = queue.ring<Entry>(100, ({ name }) => {
      due.push(name);
      ring.stop(b);
    });
    ring.start(new Entry('a'), 0);
    ring.start(b, 0);
    ring.start(new Entry('c'), 0);
    clock.advance(100);
    expect(due).toEqual(['a', 'c']);
  });

  it('returns its next deadline', () => {
    const { ring } = setUp();
    const hundred = ring(100);
    expect(hundred.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    hundred.start(new Entry('a'), 5);
    hundred.start(new Entry('b'), 7);
    expect(hundred.nextDeadline).toBe(105);
  });
});

describe('DeadlineQueue', () => {
  it('keeps one timer for all rings', () => {
    const { clock, due, ring } = setUp();
    const rings = [ring(300), ring(100), ring(200)];
    for (const [index, each] of rings.entries()) {
      for (let i = 0; i < 100; i++) each.start(new Entry(`${index}`), 0);
    }
    expect(clock.pending).toBe(1);
    clock.advance(150);
    expect(due).toHaveLength(100);
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    expect(due).toHaveLength(300);
    expect(clock.pending).toBe(0);
  });

  it('does not count the time in which the process did not run', () => {
    const { clock, due, pauses, ring } = setUp();
    const minute = ring(60_000);
    minute.start(new Entry('a'), clock.now());
    clock.advance(50_500);
    minute.start(new Entry('b'), clock.now());
    clock.pause(100_000);
    clock.advance(0);
    expect(due).toEqual([]);
    expect(pauses).toEqual([99_750]);
    minute.start(new Entry('c'), clock.now());
    clock.advance(100_000);
    expect(due).toEqual(['a at 159750', 'b at 210250', 'c at 210500']);
  });

  it('judges nothing in the first 250 ms after a pause, so that the process can read first', () => {
    const { clock, due, ring } = setUp();
    const hundred = ring(100);
    hundred.start(new Entry('a'), clock.now());
    clock.advance(99);
    clock.pause(25_000);
    clock.advance(249);
    expect(due).toEqual([]);
    clock.advance(1);
    expect(due).toEqual(['a at 25349']);
  });

  it('judges what is due even if the process is always late', () => {
    const { clock, due, ring } = setUp();
    ring(100).start(new Entry('a'), clock.now());
    for (let i = 0; i < 2; i++) {
      clock.pause(2000);
      clock.advance(0);
    }
    expect(due).toEqual(['a at 4000']);
  });

  it('counts a delay of less than half a second', () => {
    const { clock, due, pauses, ring } = setUp();
    const hundred = ring(100);
    hundred.start(new Entry('a'), 0);
    hundred.start(new Entry('b'), 50);
    clock.pause(599);
    clock.advance(0);
    expect(due).toEqual(['a at 599', 'b at 599']);
    expect(pauses).toEqual([]);
  });

  it('cancels its timer and its deadlines when it is closed', () => {
    const { clock, due, queue, ring } = setUp();
    const hundred = ring(100);
    hundred.start(new Entry('a'), 0);
    queue.close();
    expect(clock.pending).toBe(0);
    hundred.start(new Entry('b'), 0);
    clock.advance(1000);
    expect(due).toEqual([]);
  });
});
