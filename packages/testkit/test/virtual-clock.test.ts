import { NEVER } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../src/virtual-clock.js';

describe('VirtualClock', () => {
  it('stands still until it is advanced', () => {
    const clock = new VirtualClock(1000);
    expect([clock.now(), clock.wallTime()]).toEqual([0, 1000]);
    clock.advance(250);
    expect([clock.now(), clock.wallTime()]).toEqual([250, 1250]);
  });

  it('calls runs in the order of their instants, each at its own', () => {
    const clock = new VirtualClock();
    const runs: string[] = [];
    const note = (name: string) => () => runs.push(`${name}@${clock.now()}`);
    clock.schedule(30, note('c'));
    clock.schedule(10, note('a'));
    clock.schedule(20, note('b'));
    clock.schedule(50, note('too late'));
    clock.advance(40);
    expect(runs).toEqual(['a@10', 'b@20', 'c@30']);
    expect(clock.now()).toBe(40);
  });

  it('calls runs of the same instant in the order of scheduling', () => {
    const clock = new VirtualClock();
    const runs: number[] = [];
    for (let i = 0; i < 100; i++) clock.schedule(5, () => runs.push(i));
    clock.advance(5);
    expect(runs).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('calls a run that is scheduled for the past at once', () => {
    const clock = new VirtualClock();
    clock.advance(100);
    let ranAt = NEVER;
    clock.schedule(3, () => {
      ranAt = clock.now();
    });
    clock.advance(0);
    expect(ranAt).toBe(100);
  });

  it('calls a run that was scheduled by a run if it is due by then', () => {
    const clock = new VirtualClock();
    const runs: number[] = [];
    const again = () => {
      runs.push(clock.now());
      clock.schedule(clock.now() + 10, again);
    };
    clock.schedule(10, again);
    clock.advance(35);
    expect(runs).toEqual([10, 20, 30]);
  });

  it('does not call a cancelled run', () => {
    const clock = new VirtualClock();
    const runs: string[] = [];
    const cancelled = clock.schedule(10, () => runs.push('cancelled'));
    clock.schedule(10, () => runs.push('kept'));
    cancelled.cancel();
    cancelled.cancel();
    expect(clock.pending).toBe(1);
    clock.advance(10);
    expect(runs).toEqual(['kept']);
    expect(clock.pending).toBe(0);
  });

  it('keeps the order of the remaining runs after many were cancelled', () => {
    const clock = new VirtualClock();
    const runs: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const wait = clock.schedule(5000 - i, () => runs.push(i));
      if (i % 10 !== 0) wait.cancel();
    }
    expect(clock.pending).toBe(100);
    clock.advance(5000);
    expect(runs).toEqual(Array.from({ length: 100 }, (_, i) => 990 - 10 * i));
  });

  it('lists scheduled runs with their owners, in order', () => {
    const clock = new VirtualClock();
    clock.schedule(20, () => {});
    clock.ownedBy('alice').schedule(10, () => {});
    clock
      .ownedBy('bob')
      .schedule(5, () => {})
      .cancel();
    expect(clock.pendingRuns()).toEqual([
      { at: 10, owner: 'alice' },
      { at: 20, owner: 'unnamed' },
    ]);
  });

  it('never calls a run that is scheduled for NEVER', () => {
    const clock = new VirtualClock();
    clock.schedule(NEVER, () => {});
    expect([clock.pending, clock.runNext()]).toEqual([0, false]);
  });

  it('advances from run to run', () => {
    const clock = new VirtualClock();
    clock.schedule(7, () => {});
    expect(clock.nextAt).toBe(7);
    expect([clock.runNext(), clock.now(), clock.runNext()]).toEqual([true, 7, false]);
  });

  it('lets promises settle between runs', async () => {
    const clock = new VirtualClock();
    const steps: string[] = [];
    clock.schedule(10, () => {
      void (async () => {
        await undefined;
        await undefined;
        steps.push('promise of the first');
        clock.schedule(15, () => steps.push('scheduled by the promise'));
      })();
    });
    clock.schedule(20, () => steps.push('second'));
    await clock.advanceAsync(30);
    expect(steps).toEqual(['promise of the first', 'scheduled by the promise', 'second']);
  });

  it('throws for an endless loop at one instant', () => {
    const clock = new VirtualClock();
    const again = () => {
      clock.ownedBy('eager').schedule(clock.now(), again);
    };
    again();
    expect(() => clock.advance(1)).toThrow(/eager/);
  });
});
