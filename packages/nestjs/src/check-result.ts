import { describeValue } from './describe-value.js';
import type { HookName } from './listener-metadata.js';

interface Check {
  readonly expected: string;
  isValid(result: unknown): boolean;
}

/** Hooks whose result the server rejects if it has another type. */
const CHECKS: { readonly [Name in HookName]?: Check } = {
  authenticate: {
    expected: '{ accept: true } or { accept: false, code }, with code a whole number other than 0',
    isValid: isVerdict,
  },
  authorizeMessage: { expected: 'true or false', isValid: (result) => typeof result === 'boolean' },
};

/**
 * Wraps a hook's method so that a result of the wrong type is reported with the name of the method.
 *
 * @param name of class and method
 */
export function withCheckedResult(
  hook: HookName,
  name: string,
  run: (...args: unknown[]) => unknown,
): (...args: unknown[]) => unknown {
  const check = CHECKS[hook];
  if (check === undefined) return run;
  const checked = (result: unknown): unknown => {
    if (check.isValid(result)) return result;
    throw new TypeError(`${name} must return ${check.expected}, got ${describeValue(result)}`);
  };
  return (...args) => {
    const result = run(...args);
    return isThenable(result) ? result.then(checked) : checked(result);
  };
}

function isVerdict(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('accept' in result)) return false;
  if (result.accept === true) return true;
  return (
    result.accept === false && 'code' in result && Number.isSafeInteger(result.code) && result.code !== 0
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
