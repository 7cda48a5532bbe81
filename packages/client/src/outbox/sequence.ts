/** Runs one task after the other, in the order of the calls; one that fails does not hold up the next. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(task: () => Result | PromiseLike<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
