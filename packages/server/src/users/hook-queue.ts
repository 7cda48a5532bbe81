/**
 * The sessions of a user that wait for the answer of a hook about an earlier message of this user. They resume in the order in which
 * they began to wait, so that a slow answer does not change the order of the messages.
 */
export class HookQueue {
  #isAsking = false;
  readonly #waiting: (() => void)[] = [];

  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** The hook is being asked. `answer` must not reject. */
  awaits(answer: Promise<void>): void {
    this.#isAsking = true;
    void answer.then(() => {
      this.#isAsking = false;
      this.#resume();
    });
  }

  /** Calls `resume` when the hook has answered, after all that waited before. */
  add(resume: () => void): void {
    this.#waiting.push(resume);
  }

  /** Each session resumes in turn, until the hook is asked again. */
  #resume(): void {
    while (!this.#isAsking) {
      const resume = this.#waiting.shift();
      if (resume === undefined) return;
      resume();
    }
  }
}
