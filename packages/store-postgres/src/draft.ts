import type { AppendResult, DeadLetter, QueueSize, StoredMessage, StoreId } from '@imcore/server/ports';
import { contentDigest } from '@imcore/server/ports';
import { toFingerprintKey, toKey } from './text-key.js';

/** A message to append. Copies in the same append share one draft. */
export interface Draft {
  readonly message: StoredMessage;
  readonly receiver: Buffer;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  result: AppendResult | undefined;
}

/** The messages of an append without copies, and the results for all of them. */
export class Drafts {
  readonly #messages: readonly StoredMessage[];
  readonly #drafts = new Map<string, Draft>();

  constructor(messages: readonly StoredMessage[]) {
    this.#messages = messages;
    for (const message of messages) {
      const key = keyOf(message);
      if (this.#drafts.has(key)) continue;
      const { to, from, fingerprint, body } = message;
      const keys = {
        receiver: toKey(to),
        sender: toKey(from),
        fingerprint: toFingerprintKey(fingerprint, body),
      };
      this.#drafts.set(key, { message, ...keys, result: undefined });
    }
  }

  get all(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  /** One result for each message. Further copies of a message are duplicates of the first. */
  results(resultOf: (draft: Draft) => AppendResult): readonly AppendResult[] {
    const answered = new Set<Draft>();
    return this.#messages.map((message) => {
      const draft = this.#drafts.get(keyOf(message));
      if (draft === undefined) throw new Error('a message has no draft');
      const result = resultOf(draft);
      const isCopy = answered.has(draft);
      answered.add(draft);
      return isCopy && result.outcome === 'stored' ? { outcome: 'duplicate', id: result.id } : result;
    });
  }
}

/** How much each receiver's queue would grow, by messages that its limits apply to. */
export function additionsOf(drafts: readonly Draft[]): ReadonlyMap<string, QueueSize> {
  const additions = new Map<string, QueueSize>();
  for (const { message } of drafts) {
    if (message.ignoresLimits) continue;
    const { messages, bytes } = additions.get(message.to) ?? { messages: 0, bytes: 0 };
    additions.set(message.to, { messages: messages + 1, bytes: bytes + message.body.length });
  }
  return additions;
}

export function stored(id: StoreId, displaced: readonly DeadLetter[] = []): AppendResult {
  return displaced.length === 0 ? { outcome: 'stored', id } : { outcome: 'stored', id, displaced };
}

function keyOf({ from, to, fingerprint, body }: StoredMessage): string {
  return `${contentDigest(body)} ${from.length}:${from}${to.length}:${to}${fingerprint}`;
}
