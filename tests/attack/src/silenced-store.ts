import type { MessageStore } from '@imcore/server';

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
  const { shared } = store;
  return {
    store: {
      durable: store.durable,
      keepsHistory: store.keepsHistory,
      shared: shared && {
        identity: () => later(() => shared.identity()),
        whichWait: (places) => later(() => shared.whichWait(places)),
      },
      append: (messages) => later(() => store.append(messages)),
      take: (userId, after, limit) => later(() => store.take(userId, after, limit)),
      confirm: (confirmations) => later(() => store.confirm(confirmations)),
      count: (userId) => later(() => store.count(userId)),
      expire: (now, limit) => later(() => store.expire(now, limit)),
      deadLetters: (after, limit, userId) => later(() => store.deadLetters(after, limit, userId)),
      resend: (ids, now) => later(() => store.resend(ids, now)),
      discard: (ids) => later(() => store.discard(ids)),
      onDeadLettersDeleted: (listener) => store.onDeadLettersDeleted(listener),
      history: (query) => later(() => store.history(query)),
      health: () => later(() => store.health()),
      close: () => store.close(),
    },
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
