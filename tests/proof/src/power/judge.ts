import type { MessageStore, WaitingMessage } from '@imcore/server';
import { type MessageName, nameText, type Owed } from './promises.js';

/** What is wrong with a disk after a power cut. All zero: it kept its promises. */
export interface Finding {
  /** Called safe, and not there: it neither waits nor is a dead letter. */
  readonly missing: number;
  /** Called gone, and there again. */
  readonly cameBack: number;
  /** There with other bytes than it was given. */
  readonly damaged: number;
  /** Behind a later message of its sender and receiver. */
  readonly outOfOrder: number;
}

const PAGE = 1000;

/**
 * Compares what a store holds for these users with what is owed.
 *
 * @param nameOf the message that these bytes are, or undefined where they are none that was ever sent.
 */
export async function judge(
  store: MessageStore,
  userIds: readonly string[],
  owed: Owed,
  nameOf: (message: WaitingMessage) => MessageName | undefined,
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
  const missing = owed.waiting.filter((name) => !isHeld(name)).length;
  const cameBack = owed.gone.filter(isHeld).length;
  return { missing, cameBack, damaged, outOfOrder };
}

/** A message that has expired is kept too. */
async function deadLettersOf(
  store: MessageStore,
  nameOf: (message: WaitingMessage) => MessageName | undefined,
): Promise<ReadonlySet<string>> {
  const dead = new Set<string>();
  let after: number | undefined;
  for (;;) {
    const page = await store.deadLetters(after, PAGE);
    for (const letter of page) {
      const name = nameOf(letter);
      if (name !== undefined) dead.add(nameText(name));
    }
    after = page.at(-1)?.id;
    if (after === undefined) return dead;
  }
}

async function* waitingFor(store: MessageStore, userId: string): AsyncGenerator<WaitingMessage> {
  let after: number | undefined;
  for (;;) {
    const page = await store.take(userId, after, PAGE);
    yield* page;
    after = page.at(-1)?.id;
    if (after === undefined) return;
  }
}
