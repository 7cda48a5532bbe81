import type { OutboxStorage, StorageBox } from '@imcore/client/outbox';
import type { Fault } from './faults.js';

/** Every so manyth message is lost. */
const EVERY = 5;

const forgets: Fault = {
  name: 'an outbox loses a message that it reported as kept',
  detectedAs: /did not settle/,
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
  detectedAs: /did not settle/,
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
  detectedAs: /was not sent like that/,
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

/** Every fault of an outbox. */
export const OUTBOX_FAULTS: readonly Fault[] = [forgets, removesEarly, renames];

/** Replaces methods of the boxes with waiting messages. */
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
