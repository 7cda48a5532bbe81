import type { OutboxStorage, StorageBox } from '@imcore/client/outbox';
import type { Fault } from './faults.js';

/** One in so many messages is treated badly. */
const EVERY = 5;

const forgets: Fault = {
  name: 'an outbox says that it keeps a message and does not',
  caughtAs: /never heard what became of/,
  profile: 'restarts',
  createSeams: () => ({
    outbox: (outbox) =>
      withWaiting(outbox, (box) => {
        let count = 0;
        return {
          put: (key, value) => {
            count += 1;
            return count % EVERY === 0 ? Promise.resolve() : box.put(key, value);
          },
        };
      }),
  }),
};

const removesEarly: Fault = {
  name: 'an outbox removes a message when it is written, not when it is acknowledged',
  caughtAs: /never heard what became of/,
  profile: 'restarts',
  createSeams: () => ({
    outbox: (outbox) =>
      withWaiting(outbox, (box) => ({
        put: async (key, value) => {
          await box.put(key, value);
          await box.remove(key);
        },
      })),
  }),
};

const renames: Fault = {
  name: 'a message has another fingerprint after a restart',
  caughtAs: /was not sent so/,
  profile: 'restarts',
  createSeams: () => ({
    outbox: (outbox) =>
      withWaiting(outbox, (box) => ({
        list: async () =>
          (await box.list()).map(({ key, value }) => ({
            key,
            value: value.replace(`"fp":"${key}"`, `"fp":"${key}!"`),
          })),
      })),
  }),
};

/** What an outbox may do wrong. */
export const OUTBOX_FAULTS: readonly Fault[] = [forgets, removesEarly, renames];

/** Changes what a box of messages that wait does. */
function withWaiting(outbox: OutboxStorage, change: (box: StorageBox) => Partial<StorageBox>): OutboxStorage {
  return {
    async open(name, adopted) {
      const box = await outbox.open(name, adopted);
      if (!name.startsWith('waiting:')) return box;
      return {
        list: () => box.list(),
        put: (key, value) => box.put(key, value),
        remove: (key) => box.remove(key),
        close: () => box.close(),
        ...change(box),
      };
    },
  };
}
