import type { Instant } from '@imcore/protocol';
import { HookError, InvalidAnswer } from './errors.js';
import type { Hooks } from './hooks.js';
import type { Runtime } from './runtime.js';
import type { DeadlineRing, RingEntry } from './timers/deadline-queue.js';

/**
 * Calls the application's hooks, which may answer at once or with a promise, within `hookTimeoutMs`. A hook that throws, returns
 * an invalid value or does not answer in time is reported; an answer that comes too late is ignored.
 */
export class HookRunner {
  /** Read at each call, so that the application may fill the object in later. */
  readonly hooks: Hooks;
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  readonly #waiting: DeadlineRing;

  constructor(runtime: Runtime, hooks: Hooks, timeoutMs: number) {
    this.hooks = hooks;
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
    this.#waiting = runtime.timers.ring<Question>(timeoutMs, (question) => question.timedOut());
  }

  /**
   * Calls a hook, by `question`. `accept` is called with the answer and must throw an `InvalidAnswer` if it is invalid; `fail`
   * is called if there is no valid answer.
   *
   * Returns undefined if the hook answered at once; otherwise a promise that resolves after `accept` or `fail`. It never
   * rejects.
   */
  ask(
    hook: keyof Hooks,
    question: () => unknown,
    accept: (answer: unknown) => void,
    fail: () => void,
  ): Promise<void> | undefined {
    const failed = (error: HookError): void => {
      this.#runtime.events.emit('error', error);
      fail();
    };
    const attempt = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        failed(
          error instanceof InvalidAnswer
            ? new HookError('ERR_HOOK_ANSWER', hook, error.message)
            : new HookError('ERR_HOOK_FAILED', hook, error),
        );
      }
    };
    let asked: Promise<void> | undefined;
    attempt(() => {
      const answer = question();
      if (isThenable(answer))
        asked = this.#await(hook, answer, (value) => attempt(() => accept(value)), failed);
      else accept(answer);
    });
    return asked;
  }

  #await(
    hook: keyof Hooks,
    answer: PromiseLike<unknown>,
    accept: (answer: unknown) => void,
    failed: (error: HookError) => void,
  ): Promise<void> {
    const { clock, metrics } = this.#runtime;
    return new Promise((resolve) => {
      const question = new Question(() => {
        metrics.hookTimeouts += 1;
        failed(new HookError('ERR_HOOK_TIMED_OUT', hook, `no answer within ${this.#timeoutMs} ms`));
        resolve();
      });
      this.#waiting.start(question, clock.now());
      const inTime = (act: () => void): void => {
        if (question.ring === undefined) return;
        this.#waiting.stop(question);
        act();
        resolve();
      };
      Promise.resolve(answer).then(
        (value) => inTime(() => accept(value)),
        (error) => inTime(() => failed(new HookError('ERR_HOOK_FAILED', hook, error))),
      );
    });
  }
}

/** A call of a hook that has not been answered. It is in its ring until it is answered or times out. */
class Question implements RingEntry {
  readonly timedOut: () => void;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(timedOut: () => void) {
    this.timedOut = timedOut;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
