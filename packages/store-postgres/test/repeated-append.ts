import type { AppendResult, MessageStore, StoredMessage } from '@imcore/server/ports';
import { StoreError } from '@imcore/server/ports';

/** Appends until it succeeds, as senders do; gives the results, and counts what was rejected with `ERR_STORE_FAILED`. */
export async function appendRepeating(
  store: MessageStore,
  messages: readonly StoredMessage[],
): Promise<{ readonly results: readonly AppendResult[]; readonly rejections: number }> {
  for (let rejections = 0; ; rejections += 1) {
    try {
      return { results: await store.append(messages), rejections };
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'ERR_STORE_FAILED') throw error;
    }
  }
}

/** Calls until it succeeds, as a server does after a pause. */
export async function repeating<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'ERR_STORE_FAILED') throw error;
    }
  }
}
