import { describe, expect, it } from 'vitest';
import { ExpiryClock } from '../src/storage/expiry-clock.js';

const START = 1_700_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Reads the clock once a minute, with the wall clock ahead by what `aheadMs` returns for each instant. */
function readings(clock: ExpiryClock, from: number, until: number, aheadMs: (now: number) => number) {
  const read: (number | undefined)[] = [];
  const jumps: number[] = [];
  for (let now = from; now <= until; now += MINUTE) {
    const time = clock.read(START + now + aheadMs(now), now);
    read.push(time.now === undefined ? undefined : time.now - START - now);
    if (time.jumpedMs !== undefined) jumps.push(time.jumpedMs);
  }
  return { read, jumps };
}

function believed(): ExpiryClock {
  const clock = new ExpiryClock();
  readings(clock, 0, 5 * MINUTE, () => 0);
  return clock;
}

describe('ExpiryClock', () => {
  it('believes the clock five minutes after the start, also if the server was down for days', () => {
    const { read, jumps } = readings(new ExpiryClock(), 0, 6 * MINUTE, () => 0);
    expect(read).toEqual([undefined, undefined, undefined, undefined, undefined, 0, 0]);
    expect(jumps).toEqual([]);
  });

  it('ignores a clock that is 40 days ahead for a minute', () => {
    const { read, jumps } = readings(believed(), 6 * MINUTE, 20 * MINUTE, (now) =>
      now === 8 * MINUTE ? 40 * DAY : 0,
    );
    expect(new Set(read)).toEqual(new Set([0]));
    expect(jumps).toEqual([40 * DAY]);
  });

  it('ignores a clock that is ahead at the start of the server for a minute', () => {
    const { read } = readings(new ExpiryClock(), 0, 7 * MINUTE, (now) => (now <= MINUTE ? 40 * DAY : 0));
    expect(read.filter((ahead) => ahead !== undefined)).toEqual([0]);
  });

  it('believes a jump that has lasted for an hour, as after a suspended machine', () => {
    const { read, jumps } = readings(believed(), 6 * MINUTE, 70 * MINUTE, () => 8 * HOUR);
    expect(read.slice(0, 60)).toEqual(new Array(60).fill(0));
    expect(read.slice(60)).toEqual(new Array(5).fill(8 * HOUR));
    expect(jumps).toEqual([8 * HOUR]);
  });

  it('starts over with each further jump', () => {
    const { read } = readings(
      believed(),
      6 * MINUTE,
      180 * MINUTE,
      (now) => (now % HOUR === 0 ? 2 : 1) * DAY,
    );
    expect(new Set(read)).toEqual(new Set([0]));
  });

  it('never runs faster than the monotonic clock with a wall clock that runs twice as fast', () => {
    const { read } = readings(believed(), 6 * MINUTE, 300 * MINUTE, (now) => now);
    expect(new Set(read)).toEqual(new Set([0]));
  });

  it('follows slow drift, and believes a step back at once', () => {
    const clock = believed();
    expect(readings(clock, 6 * MINUTE, 200 * MINUTE, (now) => now / 1000).read.at(-1)).toBe(12_000);
    expect(readings(clock, 201 * MINUTE, 201 * MINUTE, () => -DAY).read).toEqual([-DAY]);
    expect(readings(clock, 202 * MINUTE, 202 * MINUTE, () => 0).read).toEqual([-DAY]);
  });
});
