import type { AppendResult, DeadLetter, StoredMessage } from '@imcore/server/ports';
import { contentDigest } from '@imcore/server/ports';
import { ECHO_OVERHEAD, KEY_OVERHEAD, MESSAGE_OVERHEAD } from './tables.js';
import { messageKey, toFingerprintKey, toKey } from './text-key.js';

/** A message to append. Copies in the same append share one draft. */
export interface Draft {
  readonly message: StoredMessage;
  readonly receiver: Buffer;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  readonly key: Buffer;
  /** Whether the log of the sender gets an entry. */
  readonly hasEcho: boolean;
  result: AppendResult | undefined;
}

/** Senders that are no users and have no log. */
const NO_USERS: ReadonlySet<string> = new Set(['0', '-1', '']);

/** The messages of an append without copies, and the results for all of them. */
export class Drafts {
  readonly #messages: readonly StoredMessage[];
  readonly #drafts = new Map<string, Draft>();

  constructor(messages: readonly StoredMessage[]) {
    this.#messages = messages;
    for (const message of messages) {
      const key = keyOf(message);
      if (!this.#drafts.has(key)) this.#drafts.set(key, draftOf(message));
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
      if (!isCopy || result.outcome !== 'stored') return result;
      const { id, position, echo } = result;
      return { outcome: 'duplicate', id, position, ...(echo === undefined ? {} : { echo }) };
    });
  }
}

/** What a draft takes in the database, in bytes. */
export function bytesOf({ message, sender, fingerprint, hasEcho }: Draft): number {
  const texts = message.body.length + sender.length + fingerprint.length;
  return texts + MESSAGE_OVERHEAD + KEY_OVERHEAD + (hasEcho ? ECHO_OVERHEAD : 0);
}

export function stored(
  id: number,
  position: number,
  echo: number | undefined,
  displaced: readonly DeadLetter[] = [],
): AppendResult {
  return {
    outcome: 'stored',
    id,
    position,
    ...(echo === undefined ? {} : { echo }),
    ...(displaced.length === 0 ? {} : { displaced }),
  };
}

function draftOf(message: StoredMessage): Draft {
  const { to, from, body } = message;
  const [receiver, sender] = [toKey(to), toKey(from)];
  const fingerprint = toFingerprintKey(message.fingerprint, body);
  return {
    message,
    receiver,
    sender,
    fingerprint,
    key: messageKey(sender, receiver, fingerprint),
    hasEcho: message.echo === true && to !== from && !NO_USERS.has(from),
    result: undefined,
  };
}

function keyOf({ from, to, fingerprint, body }: StoredMessage): string {
  return `${contentDigest(body)} ${from.length}:${from}${to.length}:${to}${fingerprint}`;
}
