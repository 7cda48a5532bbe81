import type { Clock, Emitter, Instant } from '@imcore/protocol';
import { HookError } from './errors.js';
import type { ServerEvents } from './events.js';
import type { Hooks } from './hooks.js';
import type { ServerMetrics } from './metrics.js';
import type { DeadlineQueue, DeadlineRing, RingEntry } from './scheduling/deadline-queue.js';

export interface HookAskerParts {
  readonly clock: Clock;
  readonly events: Emitter<ServerEvents>;
  readonly metrics: ServerMetrics;
  readonly deadlines: DeadlineQueue;
  readonly hookTimeoutMs: number;
}

/**
 * Asks the application questions that it may answer at once or later, and does not wait for ever. A hook that throws,
 * answers what it may not or gives no answer in time is reported; an answer that comes too late is passed over.
 */
export class HookAsker {
  readonly #parts: HookAskerParts;
  readonly #waiting: DeadlineRing;

  constructor(parts: HookAskerParts) {
    this.#parts = parts;
    this.#waiting = parts.deadlines.ring<Question>(parts.hookTimeoutMs, (question) => question.timedOut());
  }

  /**
   * `accept` gets the answer, and throws at one that it cannot use; `fail` is called where there is none.
   *
   * Returns a promise, which never rejects, while the answer is awaited.
   */
  ask(
    hook: keyof Hooks,
    question: () => unknown,
    accept: (answer: unknown) => void,
    fail: () => void,
  ): Promise<void> | undefined {
    const failed = (error: HookError): void => {
      this.#parts.events.emit('error', error);
      fail();
    };
    const attempt = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        failed(new HookError('ERR_HOOK_FAILED', hook, error));
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
    const { clock, metrics, hookTimeoutMs } = this.#parts;
    return new Promise((resolve) => {
      const question = new Question(() => {
        metrics.hookTimeouts += 1;
        failed(new HookError('ERR_HOOK_TIMED_OUT', hook, `no answer within ${hookTimeoutMs} ms`));
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

/** A question whose answer is awaited. Out of its ring once it is answered or too late. */
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
