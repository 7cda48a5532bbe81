import type { Clock, Instant } from '@imcore/protocol';
import { VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { Alarm } from '../src/alarm.js';

describe('Alarm', () => {
  it('fires once at the instant it was last set to', () => {
    const clock = new VirtualClock();
    const rings: Instant[] = [];
    const alarm = new Alarm(clock, () => rings.push(clock.now()));

    alarm.set(100);
    alarm.set(50);
    alarm.set(70);
    clock.advance(200);

    expect(rings).toEqual([70]);
  });

  it('can be set to the same instant again after it has fired', () => {
    const clock = new VirtualClock();
    const rings: Instant[] = [];
    const alarm = new Alarm(clock, () => rings.push(clock.now()));

    alarm.set(50);
    clock.advance(50);
    alarm.set(50);
    clock.advance(0);

    expect(rings).toEqual([50, 50]);
  });

  it('schedules nothing when it is set to NEVER', () => {
    const clock = new VirtualClock();
    const alarm = new Alarm(clock, () => {});

    alarm.set(50);
    alarm.set(Number.POSITIVE_INFINITY);

    expect(clock.pending).toBe(0);
  });

  it('schedules an unchanged instant only once', () => {
    const asked: Instant[] = [];
    const clock: Clock = {
      now: () => 0,
      wallTime: () => 0,
      schedule: (at) => {
        asked.push(at);
        return { cancel() {} };
      },
    };
    const alarm = new Alarm(clock, () => {});

    alarm.set(50);
    alarm.set(50);

    expect(asked).toEqual([50]);
  });

  it('waits 250 ms longer after the program did not run, so that it can read first', () => {
    const clock = new VirtualClock();
    const rings: Instant[] = [];
    const alarm = new Alarm(clock, () => rings.push(clock.now()));

    alarm.set(1000);
    clock.pause(30_000);
    clock.advance(0);
    expect(rings).toEqual([]);
    clock.advance(1000);

    expect(rings).toEqual([30_250]);
  });

  it('waits as long if a packet is read before the timer fires', () => {
    const clock = new VirtualClock();
    const rings: Instant[] = [];
    const alarm = new Alarm(clock, () => rings.push(clock.now()));

    alarm.set(1000);
    clock.pause(30_000);
    alarm.set(2000);
    clock.advance(1000);

    expect(rings).toEqual([30_250]);
  });

  it('does not wait longer for an instant that was already past when it was set', () => {
    const clock = new VirtualClock();
    const rings: Instant[] = [];
    const alarm = new Alarm(clock, () => rings.push(clock.now()));

    clock.advance(10_000);
    alarm.set(5);
    clock.advance(0);

    expect(rings).toEqual([10_000]);
  });

  it('does not wait longer for a delay of less than half a second', () => {
    const clock = new VirtualClock();
    const rings: Instant[] = [];
    const alarm = new Alarm(clock, () => rings.push(clock.now()));

    alarm.set(1000);
    clock.pause(1499);
    clock.advance(0);

    expect(rings).toEqual([1499]);
  });
});
