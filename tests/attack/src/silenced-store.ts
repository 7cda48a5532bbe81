import type { MessageStore } from '@imcore/server';
import { wrapStore } from '@imcore/testkit';

/** A store that can be made to answer nothing. Calls that were made meanwhile are executed when it answers again. */
export function silencedStore(store: MessageStore): {
  readonly store: MessageStore;
  silence(): void;
  answer(): void;
} {
  let silence: Promise<void> | undefined;
  let end = (): void => {};
  const later = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await silence;
    return work();
  };
  return {
    store: wrapStore(store, (_call, work) => later(work), { close: () => store.close() }),
    silence() {
      silence = new Promise((resolve) => {
        end = resolve;
      });
    },
    answer() {
      silence = undefined;
      end();
    },
  };
}
