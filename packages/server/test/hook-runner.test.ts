import { settlePromises } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { HookRunner } from '../src/hook-runner.js';
import { createRuntime } from './support/runtime.js';

function ask(question: () => unknown, accept?: (answer: unknown) => void) {
  const runtime = createRuntime();
  const { clock, metrics } = runtime;
  const outcomes: unknown[] = [];
  runtime.events.on('error', (error) => outcomes.push(error));
  const runner = new HookRunner(runtime, {}, 500);
  const asked = runner.ask(
    'authenticate',
    question,
    accept ?? ((answer) => outcomes.push(['answer', answer])),
    () => outcomes.push('failed'),
  );
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settlePromises(20);
  };
  return { asked, outcomes, advance, clock, metrics };
}

/** An object with a member that makes promises of objects. */
function withThen(then: unknown): object {
  return Object.fromEntries([['then', then]]);
}

const failure = new Error('no database');

const FAILED = [expect.objectContaining({ code: 'ERR_HOOK_FAILED', cause: failure }), 'failed'];

describe('HookRunner', () => {
  it.each([[true], [undefined], [null], [{ accept: true }], ['text'], [withThen('not a function')]])(
    'passes on at once what is answered at once: %j',
    (answer) => {
      const { asked, outcomes } = ask(() => answer);
      expect(asked).toBeUndefined();
      expect(outcomes).toEqual([['answer', answer]]);
    },
  );

  it('passes on an answer of a promise', async () => {
    const { asked, outcomes } = ask(() => Promise.resolve(5));
    expect(outcomes).toEqual([]);
    await asked;
    expect(outcomes).toEqual([['answer', 5]]);
  });

  it('accepts any thenable', async () => {
    const { asked, outcomes } = ask(() => withThen((resolve: (answer: number) => void) => resolve(5)));
    await asked;
    expect(outcomes).toEqual([['answer', 5]]);
  });

  it('reports what is thrown at once or later, and never rejects', async () => {
    const thrown = ask(() => {
      throw failure;
    });
    expect(thrown.asked).toBeUndefined();
    expect(thrown.outcomes).toEqual(FAILED);
    const rejected = ask(() => Promise.reject(failure));
    await rejected.asked;
    expect(rejected.outcomes).toEqual(FAILED);
  });

  it('reports what accept throws', async () => {
    const refuse = () => {
      throw failure;
    };
    expect(ask(() => 5, refuse).outcomes).toEqual(FAILED);
    const late = ask(() => Promise.resolve(5), refuse);
    await late.asked;
    expect(late.outcomes).toEqual(FAILED);
  });

  it('accepts an answer until the time-out', async () => {
    const { resolve, promise } = later();
    const { outcomes, advance } = ask(() => promise);
    await advance(499);
    resolve(5);
    await advance(0);
    expect(outcomes).toEqual([['answer', 5]]);
    await advance(1000);
    expect(outcomes).toHaveLength(1);
  });

  it('fails at the time-out, and ignores a later answer', async () => {
    const { resolve, promise } = later();
    const { asked, outcomes, advance, metrics } = ask(() => promise);
    await advance(500);
    await asked;
    const timedOut = {
      code: 'ERR_HOOK_TIMED_OUT',
      message: 'hook authenticate failed: no answer within 500 ms',
    };
    expect(outcomes).toEqual([expect.objectContaining(timedOut), 'failed']);
    expect(metrics.hookTimeouts).toBe(1);
    resolve(5);
    await advance(0);
    expect(outcomes).toHaveLength(2);
  });

  it('ignores a rejection after the time-out', async () => {
    const { reject, promise } = later();
    const { outcomes, advance } = ask(() => promise);
    await advance(500);
    reject(failure);
    await advance(0);
    expect(outcomes).toHaveLength(2);
  });

  it('leaves no timer after the answer', async () => {
    const { asked, advance, clock } = ask(() => Promise.resolve(5));
    await asked;
    await advance(500);
    expect(clock.pendingRuns()).toEqual([]);
  });
});

/** A promise that the test settles. */
function later() {
  const handles = { resolve: (_answer: unknown) => {}, reject: (_error: unknown) => {} };
  const promise = new Promise<unknown>((resolve, reject) => Object.assign(handles, { resolve, reject }));
  return {
    promise,
    resolve: (answer: unknown) => handles.resolve(answer),
    reject: (error: unknown) => handles.reject(error),
  };
}
