import { describe, expect, it } from 'vitest';
import { askHook } from '../src/ask-hook.js';

function ask(question: () => unknown, accept?: (answer: unknown) => void) {
  const outcomes: unknown[] = [];
  const asked = askHook(question, accept ?? ((answer) => outcomes.push(['answer', answer])), (error) =>
    outcomes.push(['error', error]),
  );
  return { asked, outcomes };
}

/** An object with a member that makes promises of objects. */
function withThen(then: unknown): object {
  return Object.fromEntries([['then', then]]);
}

const failure = new Error('no database');

describe('askHook', () => {
  it.each([[true], [undefined], [null], [{ accept: true }], ['text'], [withThen('not a function')]])(
    'hands on at once what is answered at once: %j',
    (answer) => {
      const { asked, outcomes } = ask(() => answer);
      expect(asked).toBeUndefined();
      expect(outcomes).toEqual([['answer', answer]]);
    },
  );

  it('hands on later what is answered later', async () => {
    const { asked, outcomes } = ask(() => Promise.resolve(5));
    expect(outcomes).toEqual([]);
    await asked;
    expect(outcomes).toEqual([['answer', 5]]);
  });

  it('takes promises of other makers', async () => {
    const { asked, outcomes } = ask(() => withThen((resolve: (answer: number) => void) => resolve(5)));
    await asked;
    expect(outcomes).toEqual([['answer', 5]]);
  });

  it('tells what is thrown at once or later, and never rejects', async () => {
    const thrown = ask(() => {
      throw failure;
    });
    expect(thrown.asked).toBeUndefined();
    expect(thrown.outcomes).toEqual([['error', failure]]);
    const rejected = ask(() => Promise.reject(failure));
    await rejected.asked;
    expect(rejected.outcomes).toEqual([['error', failure]]);
  });

  it('tells what the one who asked throws at an answer', async () => {
    const refuse = () => {
      throw failure;
    };
    expect(ask(() => 5, refuse).outcomes).toEqual([['error', failure]]);
    const late = ask(() => Promise.resolve(5), refuse);
    await late.asked;
    expect(late.outcomes).toEqual([['error', failure]]);
  });
});
