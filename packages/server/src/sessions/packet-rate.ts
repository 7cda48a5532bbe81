import type { Instant } from '@imcore/protocol';

/** What a session may send at once: two seconds' worth. */
const BUCKET_MS = 2000;

/**
 * Counts a packet of a session that may send `perSecond`, as a token bucket does. Takes and returns the instant at which a
 * sender at exactly that rate would have sent what this one has: all that the session keeps.
 */
export function countPacket(emptyAt: Instant, now: Instant, perSecond: number): Instant {
  return Math.max(emptyAt, now) + 1000 / perSecond;
}

/** How long a session has to wait, in milliseconds; 0 within the rate. */
export function waitOf(emptyAt: Instant, now: Instant): number {
  return Math.max(0, emptyAt - now - BUCKET_MS);
}
