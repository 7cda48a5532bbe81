import type { LogPosition, PositionRange } from '@imcore/protocol';
import type { Position } from '../ports/message-store.js';

/** A new device gets at most so many of the newest entries; the rest is in the history. */
const MAX_ENTRIES_OF_NEW_DEVICE = 1000;

/** What the store has of a user's log when a device logs in. */
interface LogState {
  readonly epoch: string;
  /** All entries up to it are removed. */
  readonly removed: Position;
  readonly last: Position;
  /** The position of the device in the store; undefined for a new device. */
  readonly stored: Position | undefined;
  /** Whether the user had no device before. */
  readonly isFirstDevice: boolean;
}

/** Where a feed begins. */
interface FeedStart {
  /** The first entry that is sent is the one behind it. */
  readonly position: Position;
  /** What the device lacks and will not get; undefined if the feed continues where the device is. */
  readonly hole: PositionRange | undefined;
}

/**
 * Decides where a feed begins. What the device says counts, if it can be: it knows what its application has handled.
 *
 * @param offered what the device says; undefined if it has no position
 * @see docs/protocol/SPEC.md#122-the-login
 */
export function feedStart(log: LogState, offered: LogPosition | undefined): FeedStart {
  const { epoch, removed, last, stored } = log;
  if (offered === undefined) {
    // It may have crashed before it had handled and stored what it was sent.
    const hole = stored !== undefined && stored < removed ? { from: stored + 1, to: removed } : undefined;
    return { position: startWithoutPosition(log), hole };
  }
  const { position } = offered;
  // Positions of another epoch, or beyond the end, are those of a log that does not exist any more.
  if (offered.epoch !== epoch || position > last) return { position: last, hole: { from: 1, to: last } };
  if (position < removed) return { position: removed, hole: { from: position + 1, to: removed } };
  return { position, hole: undefined };
}

/** The first device of a user gets all that the log has. */
function startWithoutPosition({ removed, last, stored, isFirstDevice }: LogState): Position {
  if (stored !== undefined) return Math.max(stored, removed);
  return isFirstDevice ? removed : Math.max(removed, last - MAX_ENTRIES_OF_NEW_DEVICE);
}
