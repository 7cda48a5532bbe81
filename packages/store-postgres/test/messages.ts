import type {
  AppendResult,
  Entry,
  MessageId,
  MessageStore,
  Position,
  StoredMessage,
} from '@imcore/server/ports';

export function message(fingerprint: string, fields: Partial<StoredMessage> = {}): StoredMessage {
  return { to: 'bob', from: 'alice', fingerprint, body: `body of ${fingerprint}`, acceptedAt: 1, ...fields };
}

export function idOf(result: AppendResult | undefined): MessageId {
  if (result !== undefined && result.outcome !== 'full') return result.id;
  throw new Error(`no id in ${JSON.stringify(result)}`);
}

export function positionOf(result: AppendResult | undefined): Position {
  if (result !== undefined && result.outcome !== 'full' && result.position !== undefined)
    return result.position;
  throw new Error(`no position in ${JSON.stringify(result)}`);
}

/** The v6 device of Bob takes what an append has stored. */
export function confirmAll(store: MessageStore, results: readonly AppendResult[]): Promise<void> {
  return store.confirm([{ userId: 'bob', positions: results.map(positionOf) }]);
}

export async function fingerprints(store: MessageStore, userId = 'bob'): Promise<string[]> {
  return (await store.take(userId, 0, 10_000)).entries.map(({ fingerprint }) => fingerprint);
}

/** Reads a log as a replay does, page by page after its cursor, until a page that starts after `isDone` is empty. */
export async function readAll(
  store: MessageStore,
  userId: string,
  isDone: () => boolean,
): Promise<readonly Entry[]> {
  const seen: Entry[] = [];
  for (;;) {
    const wasDone = isDone();
    const { entries } = await store.take(userId, seen.at(-1)?.position ?? 0, 16);
    seen.push(...entries);
    if (entries.length === 0 && wasDone) return seen;
  }
}
