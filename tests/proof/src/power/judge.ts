import type { MessageStore } from '@imcore/server';
import type { StoredMessage } from '@imcore/server/ports';
import { type Expectation, type MessageName, nameText } from './guarantees.js';

/** The faults of a disk after a power cut. All must be 0. */
export interface Finding {
  /** Acknowledged, but neither waiting nor a dead letter. */
  readonly missing: number;
  /** The part of {@link missing} that is not there for a named device, or for a user that named devices write to. */
  readonly missingAtDevices: number;
  /** Confirmed or discarded, but there again. */
  readonly reappeared: number;
  /** There with other bytes than were stored. */
  readonly damaged: number;
  /** After a later message of its sender and receiver. */
  readonly outOfOrder: number;
}

const PAGE = 1000;

/**
 * Compares what a store holds for these users with what is expected.
 *
 * @param nameOf the name of a message, or `undefined` where its bytes are not those of any message.
 */
export async function judge(
  store: MessageStore,
  userIds: readonly string[],
  expected: Expectation,
  nameOf: (message: StoredMessage) => MessageName | undefined,
): Promise<Finding> {
  const waiting = new Set<string>();
  const dead = await deadLettersOf(store, nameOf);
  const last = new Map<string, number>();
  let damaged = 0;
  let outOfOrder = 0;
  for (const userId of userIds) {
    for await (const message of waitingFor(store, userId)) {
      const name = nameOf(message);
      if (name === undefined) {
        damaged += 1;
        continue;
      }
      waiting.add(nameText(name));
      if (name.number < (last.get(name.pair) ?? -1)) outOfOrder += 1;
      last.set(name.pair, Math.max(name.number, last.get(name.pair) ?? -1));
    }
  }
  const isHeld = (name: MessageName) => waiting.has(nameText(name)) || dead.has(nameText(name));
  const missing = expected.waiting.filter((name) => !isHeld(name)).length;
  const reappeared = expected.removed.filter(isHeld).length;
  return { missing, missingAtDevices: 0, reappeared, damaged, outOfOrder };
}

/** The names of all dead letters: messages that have expired are there. */
async function deadLettersOf(
  store: MessageStore,
  nameOf: (message: StoredMessage) => MessageName | undefined,
): Promise<ReadonlySet<string>> {
  const dead = new Set<string>();
  for (let after = 0; ; ) {
    const page = await store.deadLetters(after, PAGE);
    for (const deadLetter of page) {
      const name = nameOf(deadLetter);
      if (name !== undefined) dead.add(nameText(name));
    }
    const last = page.at(-1);
    if (last === undefined) return dead;
    after = last.id;
  }
}

async function* waitingFor(store: MessageStore, userId: string): AsyncGenerator<StoredMessage> {
  for (let after = 0; ; ) {
    const { entries } = await store.take(userId, after, PAGE);
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined) return;
    after = last.position;
  }
}
