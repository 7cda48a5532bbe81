import type {
  AppendResult,
  MessageStore,
  Retention,
  StoredMessage,
  StoreId,
  WaitingMessage,
} from '@imcore/server/ports';

/** Settings for a store under test. */
export interface StoreUnderTestOptions {
  readonly retention: Retention;
  readonly wallTime: () => number;
}

/** Creates an empty store for each test. */
export type CreateMessageStore = (options: StoreUnderTestOptions) => Promise<MessageStore>;

/** Creates two store objects on one empty database for each test, as two servers have them. */
export type CreateStorePair = (
  options: StoreUnderTestOptions,
) => Promise<readonly [MessageStore, MessageStore]>;

/** Opens an empty store. Unless `wallTime` is given, its clock stands still at {@link NOON}. */
export type OpenStore = (retention?: Retention, wallTime?: () => number) => Promise<MessageStore>;

/** Opens two store objects on one empty database, with the same options as {@link OpenStore}. */
export type OpenStorePair = (
  retention?: Retention,
  wallTime?: () => number,
) => Promise<readonly [MessageStore, MessageStore]>;

/** Defines the tests of one part of the contract. */
export type Section = (open: OpenStore) => void;

/** The default `acceptedAt` of messages. */
export const NOON = 1_700_000_000_000;

export function message(to: string, fingerprint: string, fields: Partial<StoredMessage> = {}): StoredMessage {
  return { to, from: 'alice', fingerprint, body: `body of ${fingerprint}`, acceptedAt: NOON, ...fields };
}

export function namesOf(messages: readonly StoredMessage[]): string[] {
  return messages.map(({ fingerprint }) => fingerprint);
}

/** Fingerprints of the messages that wait for a user, oldest first. */
export async function waitingFor(store: MessageStore, userId: string): Promise<string[]> {
  return namesOf(await store.take(userId, undefined, 100_000));
}

/** Appends messages for Bob in one call, and returns their ids. */
export async function appendToBob(
  store: MessageStore,
  ...names: readonly string[]
): Promise<readonly StoreId[]> {
  return (await store.append(names.map((name) => message('bob', name)))).map(requireId);
}

export async function countOf(store: MessageStore, userId: string): Promise<number> {
  return (await store.count(userId)).messages;
}

export function requireId(result: AppendResult | undefined): StoreId {
  if (result === undefined || result.outcome === 'full' || result.id === undefined) {
    throw new Error(`no id in ${JSON.stringify(result)}`);
  }
  return result.id;
}

/** Reads a queue page by page, as a replay does. */
export async function readPages(store: MessageStore, userId: string, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let after: StoreId | undefined;
  for (;;) {
    const page: readonly WaitingMessage[] = await store.take(userId, after, limit);
    if (page.length === 0) return pages;
    pages.push(namesOf(page));
    after = page.at(-1)?.id;
  }
}
