/** Runs tasks one after the other, in the order of the calls. A failed task does not block the next one. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(task: () => Result | PromiseLike<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
