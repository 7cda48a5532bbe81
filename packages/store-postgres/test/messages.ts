import type {
  AppendResult,
  MessageStore,
  StoredMessage,
  StoreId,
  WaitingMessage,
} from '@imcore/server/ports';

export function message(fingerprint: string, fields: Partial<StoredMessage> = {}): StoredMessage {
  return { to: 'bob', from: 'alice', fingerprint, body: `body of ${fingerprint}`, acceptedAt: 1, ...fields };
}

export function idOf(result: AppendResult | undefined): StoreId {
  if (result === undefined || result.outcome === 'full' || result.id === undefined) {
    throw new Error(`no id in ${JSON.stringify(result)}`);
  }
  return result.id;
}

export async function fingerprints(store: MessageStore, userId = 'bob'): Promise<string[]> {
  return (await store.take(userId, undefined, 10_000)).map(({ fingerprint }) => fingerprint);
}

/** Reads a queue as a replay does, page by page after its cursor, until a page that starts after `isDone` is empty. */
export async function readAll(
  store: MessageStore,
  userId: string,
  isDone: () => boolean,
): Promise<readonly WaitingMessage[]> {
  const seen: WaitingMessage[] = [];
  for (;;) {
    const wasDone = isDone();
    const page = await store.take(userId, seen.at(-1)?.id, 16);
    seen.push(...page);
    if (page.length === 0 && wasDone) return seen;
  }
}
