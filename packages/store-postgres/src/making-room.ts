import type { Position, QueueLimit, QueueSize, Retention } from '@imcore/server/ports';
import type { Draft } from './draft.js';

/** A message that waits: one that is stored, or a draft of this append. */
export type Occupant =
  | { readonly kind: 'waiting'; readonly position: Position; readonly bytes: number }
  | { readonly kind: 'draft'; readonly draft: Draft };

/** Whether a draft is admitted: the limit that rejects it, or the messages it displaces. */
export type Admission =
  | { readonly draft: Draft; readonly limit: QueueLimit }
  | { readonly draft: Draft; readonly limit?: never; readonly displaces: readonly Occupant[] };

/** Returns the messages that wait for a user one by one, oldest first; undefined after the last. */
export type NextOldest = () => Promise<{ readonly position: Position; readonly bytes: number } | undefined>;

/**
 * Decides in order which drafts for one receiver are stored, and which messages they displace.
 *
 * @param size what waits for the receiver now.
 */
export async function makeRoom(
  drafts: readonly Draft[],
  size: QueueSize,
  retention: Required<Retention>,
  nextOldest: NextOldest,
): Promise<readonly Admission[]> {
  const admissions: Admission[] = [];
  const admitted: Draft[] = [];
  let now = size;
  for (const draft of drafts) {
    const own = sizeOf(draft);
    const limitNow = () => (draft.message.ignoresLimits ? undefined : limitOf(plus(now, own), retention));
    const limit = limitNow();
    const cannotFit = limitOf(own, retention) !== undefined;
    if (limit !== undefined && (cannotFit || retention.whenFull === 'reject-newest')) {
      admissions.push({ draft, limit });
      continue;
    }
    const displaces: Occupant[] = [];
    while (limitNow() !== undefined) {
      const oldest = await occupant(nextOldest, admitted);
      if (oldest === undefined) break;
      displaces.push(oldest);
      const freed = oldest.kind === 'draft' ? sizeOf(oldest.draft) : { messages: 1, bytes: oldest.bytes };
      now = { messages: now.messages - freed.messages, bytes: now.bytes - freed.bytes };
    }
    now = plus(now, own);
    admitted.push(draft);
    admissions.push({ draft, displaces });
  }
  return admissions;
}

/** The limit that this much exceeds. */
export function limitOf(
  { messages, bytes }: QueueSize,
  retention: Required<Retention>,
): QueueLimit | undefined {
  if (bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
  return messages > retention.maxPerUser ? 'maxPerUser' : undefined;
}

export function plus(left: QueueSize, right: QueueSize): QueueSize {
  return { messages: left.messages + right.messages, bytes: left.bytes + right.bytes };
}

/** Stored messages are displaced first, then drafts of this append. */
async function occupant(nextOldest: NextOldest, admitted: Draft[]): Promise<Occupant | undefined> {
  const waiting = await nextOldest();
  if (waiting !== undefined) return { kind: 'waiting', ...waiting };
  const draft = admitted.shift();
  return draft === undefined ? undefined : { kind: 'draft', draft };
}

function sizeOf({ message }: Draft): QueueSize {
  return { messages: 1, bytes: message.body.length };
}
