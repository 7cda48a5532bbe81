import type { QueueLimit, Retention } from '@imcore/server/ports';

/** A named device, changed in memory. `id`, `kind` and `name` are as in their columns. */
export interface Device {
  readonly id: string;
  kind: string;
  name: string;
  position: number;
  seenAt: number;
  isChanged: boolean;
}

/** A user's row, which the caller changes in memory; see `UserRows.change`. The columns are those of the schema. */
export interface User {
  readonly no: number;
  /** As in its column. */
  readonly id: string;
  last: number;
  taken: number;
  v6: number;
  v6SeenAt: number | undefined;
  devices: number;
  waiting: number;
  waitingBytes: number;
  /** The named devices, once they were read. */
  named: Map<string, Device> | undefined;
  isNew: boolean;
  isChanged: boolean;
  /** Whether entries behind `v6` may have been removed, so that it must be moved. */
  isUnsettled: boolean;
  /** Whether `v6 < last` before this transaction. */
  wasOccupied: boolean;
}

/** The limit that a body of this many bytes would exceed; undefined if there is room. */
export function limitFor(user: User, bytes: number, retention: Required<Retention>): QueueLimit | undefined {
  if (user.waitingBytes + bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
  return user.waiting >= retention.maxPerUser ? 'maxPerUser' : undefined;
}

/** Whether an entry at this position still waits; `taken` as in its row. */
export function waits(user: User, position: number, isTaken: boolean): boolean {
  return !isTaken && position > user.v6 && position > user.taken;
}

/** Whether the v6 device holds entries back. */
export function v6Holds(user: User): boolean {
  return user.v6SeenAt !== undefined || user.devices === 0;
}
