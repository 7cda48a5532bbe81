import type { MustLook } from '../delivery/local-route.js';
import type { StoredQueue } from '../users/user.js';

/**
 * Returns the rule for messages between two users of one node: such a message is not stored, so an earlier one of the same sender,
 * stored at another node whose hint is late, must be read first. It may go in flight if the receiver's queue was read to its end
 * after the sender's login here.
 *
 * @param queueOf the queue of a user who is online here
 */
export const mustLook =
  (queueOf: (userId: string) => StoredQueue | undefined): MustLook =>
  (receiver, { since }) => {
    if (since === undefined || (receiver.queue?.readAt ?? 0) > since) return false;
    const queue = queueOf(receiver.id);
    queue?.wake();
    return queue !== undefined;
  };
