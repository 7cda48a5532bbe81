import type { QueueLimit, QueueSize, Retention, StoreId } from '@imcore/server/ports';
import type { Draft } from './draft.js';
import { limitOf, minus, plus } from './queue-counts.js';

/** A message in the queue: one that is stored, or a draft of this append. */
export type Occupant =
  | { readonly kind: 'waiting'; readonly id: StoreId; readonly bytes: number }
  | { readonly kind: 'draft'; readonly draft: Draft };

/** Whether a draft is admitted: the limit that rejects it, or the messages it displaces. */
export type Admission =
  | { readonly draft: Draft; readonly limit: QueueLimit }
  | { readonly draft: Draft; readonly limit?: never; readonly displaces: readonly Occupant[] };

/**
 * Decides in order which drafts for one receiver are stored, and which messages they displace.
 *
 * @param size size of the receiver's queue now.
 * @param nextOldest returns the queue's messages one by one, oldest first; undefined after the last.
 */
export async function makeRoom(
  drafts: readonly Draft[],
  size: QueueSize,
  retention: Required<Retention>,
  nextOldest: () => Promise<{ readonly id: StoreId; readonly bytes: number } | undefined>,
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
      now = plus(
        now,
        minus(oldest.kind === 'draft' ? sizeOf(oldest.draft) : { messages: 1, bytes: oldest.bytes }),
      );
    }
    now = plus(now, own);
    admitted.push(draft);
    admissions.push({ draft, displaces });
  }
  return admissions;
}

/** Stored messages are displaced first, then drafts of this append. */
async function occupant(
  nextOldest: () => Promise<{ readonly id: StoreId; readonly bytes: number } | undefined>,
  admitted: Draft[],
): Promise<Occupant | undefined> {
  const waiting = await nextOldest();
  if (waiting !== undefined) return { kind: 'waiting', ...waiting };
  const draft = admitted.shift();
  return draft === undefined ? undefined : { kind: 'draft', draft };
}

function sizeOf({ message }: Draft): QueueSize {
  return { messages: 1, bytes: message.body.length };
}
