import type {
  AppendResult,
  LogPage,
  MessageId,
  MessageStore,
  Position,
  Retention,
  StoredDevice,
  StoredMessage,
  Sweep,
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

/** More than any test appends to one log. */
export const ALL = 100_000;

/** More calls of `expire` than any test needs. */
const MAX_SWEEPS = 200;

export function message(to: string, fingerprint: string, fields: Partial<StoredMessage> = {}): StoredMessage {
  return { to, from: 'alice', fingerprint, body: `body of ${fingerprint}`, acceptedAt: NOON, ...fields };
}

export function namesOf(messages: readonly StoredMessage[]): string[] {
  return messages.map(({ fingerprint }) => fingerprint);
}

export function positionsOf({ entries }: LogPage): Position[] {
  return entries.map(({ position }) => position);
}

/** Fingerprints of the messages that the v6 device of a user has not taken, oldest first. */
export async function waitingFor(store: MessageStore, userId: string): Promise<string[]> {
  return namesOf((await store.take(userId, 0, ALL)).entries);
}

/** Fingerprints of the entries that a user's log still has, oldest first. */
export async function logOf(store: MessageStore, userId: string): Promise<string[]> {
  return namesOf((await store.read(userId, 0, ALL)).entries);
}

/** Appends messages for Bob in one call, and returns their positions in his log. */
export async function appendToBob(
  store: MessageStore,
  ...names: readonly string[]
): Promise<readonly Position[]> {
  return (await store.append(names.map((name) => message('bob', name)))).map(requirePosition);
}

/** The v6 device of a user takes messages. */
export function confirm(
  store: MessageStore,
  userId: string,
  ...positions: readonly Position[]
): Promise<void> {
  return store.confirm([{ userId, positions }]);
}

/** A named device of Bob takes his log up to a position. */
export function advanceBob(store: MessageStore, deviceId: string, position: Position): Promise<void> {
  return store.advance([{ userId: 'bob', deviceId, position }]);
}

/** A device that has taken nothing. */
export function device(id: string, fields: Partial<StoredDevice> = {}): StoredDevice {
  return { id, kind: 'web', name: `${id} of the user`, position: 0, seenAt: NOON, ...fields };
}

export async function countOf(store: MessageStore, userId: string): Promise<number> {
  return (await store.count(userId)).messages;
}

export function requireId(result: AppendResult | undefined): MessageId {
  if (result === undefined || result.outcome === 'full')
    throw new Error(`no id in ${JSON.stringify(result)}`);
  return result.id;
}

export function requirePosition(result: AppendResult | undefined): Position {
  if (result === undefined || result.outcome === 'full' || result.position === undefined) {
    throw new Error(`no position in ${JSON.stringify(result)}`);
  }
  return result.position;
}

/** Calls `expire` until it has nothing more to do, and returns what it has done. */
export async function sweep(store: MessageStore, now: number): Promise<Sweep> {
  const parts: Sweep[] = [];
  for (let idle = 0; idle < 2; ) {
    if (parts.length === MAX_SWEEPS)
      throw new Error(`expire() has not come to an end in ${MAX_SWEEPS} calls`);
    const part = await store.expire(now, 1000);
    const isIdle = part.deadLetters.length + part.trimmed.length + part.removedDevices.length === 0;
    idle = isIdle ? idle + 1 : 0;
    parts.push(part);
  }
  return {
    deadLetters: parts.flatMap(({ deadLetters }) => deadLetters),
    trimmed: parts.flatMap(({ trimmed }) => trimmed),
    removedDevices: parts.flatMap(({ removedDevices }) => removedDevices),
  };
}

/** Reads a log page by page, as a replay to the v6 device or a feed of a named one does. */
export async function readPages(
  store: MessageStore,
  userId: string,
  limit: number,
  method: 'take' | 'read' = 'take',
): Promise<string[][]> {
  const pages: string[][] = [];
  let after: Position = 0;
  for (;;) {
    const { entries } = await store[method](userId, after, limit);
    const end = entries.at(-1);
    if (end === undefined) return pages;
    pages.push(namesOf(entries));
    after = end.position;
  }
}
