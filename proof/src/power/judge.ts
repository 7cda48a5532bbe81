import type { MessageStore, WaitingMessage } from '@imcore/server';
import { type MessageName, nameText, type Owed } from './promises.js';

/** What is wrong with a disk after a power cut. All zero: it kept its promises. */
export interface Finding {
  /** Called safe, and not there. */
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
  const held = new Set<string>();
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
      held.add(nameText(name));
      if (name.number < (last.get(name.pair) ?? -1)) outOfOrder += 1;
      last.set(name.pair, Math.max(name.number, last.get(name.pair) ?? -1));
    }
  }
  const missing = owed.waiting.filter((name) => !held.has(nameText(name))).length;
  const cameBack = owed.gone.filter((name) => held.has(nameText(name))).length;
  return { missing, cameBack, damaged, outOfOrder };
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
