import type { AppendResult, MessageStore, StoredMessage } from '@imcore/server/ports';
import { StoreError } from '@imcore/server/ports';

/** Appends until it succeeds, as senders do. Returns the results and the number of rejections with `ERR_STORE_FAILED`. */
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

/** Calls until it succeeds. */
export async function repeating<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'ERR_STORE_FAILED') throw error;
    }
  }
}
