/**
 * Asks the application a question that it may answer at once or later. `accept` gets the answer; `fail` gets what the
 * hook threw or rejected with, and what `accept` itself throws at an answer that it cannot use.
 *
 * Returns a promise, which never rejects, while the answer is awaited.
 */
export function askHook(
  question: () => unknown,
  accept: (answer: unknown) => void,
  fail: (error: unknown) => void,
): Promise<void> | undefined {
  try {
    const answer = question();
    if (isThenable(answer)) return Promise.resolve(answer).then(accept).catch(fail);
    accept(answer);
  } catch (error) {
    fail(error);
  }
  return undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
