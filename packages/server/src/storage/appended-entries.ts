import type { Origin } from '../delivery/delivery.js';
import type { AppendResult, Entry, StoredMessage } from '../ports/message-store.js';
import { Device } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';

/** What an append has added to the receiver's log; undefined if it added nothing, or that is not known. */
export function entryOf(message: StoredMessage, result: AppendResult | undefined): Entry | undefined {
  if (result?.outcome !== 'stored') return undefined;
  const { id, position } = result;
  return { ...message, id, position, kind: 'message' };
}

/** What an append has added to the sender's log; undefined if it added nothing, or that is not known. */
export function echoOf(message: StoredMessage, result: AppendResult | undefined): Entry | undefined {
  if (result?.outcome !== 'stored' || result.echo === undefined) return undefined;
  return { ...message, id: result.id, position: result.echo, kind: 'echo' };
}

/** Gives an entry to the feeds of a user; undefined: there may be one. `sender`: the device that wrote it. */
export function toFeeds(
  users: UserRegistry,
  userId: string,
  entry: Entry | undefined,
  sender?: Origin | undefined,
): void {
  const named = users.find(userId)?.named;
  if (named === undefined) return;
  for (const device of named.values()) {
    if (entry === undefined) device.feed?.wake();
    else device.feed?.push(entry, isSame(device, sender));
  }
}

/** A device that has come back is another object. */
function isSame(device: Device, sender: Origin | undefined): boolean {
  return (
    sender === device || (sender instanceof Device && sender.id === device.id && sender.user === device.user)
  );
}
