/**
 * When a packet that nobody acknowledged is written again, and when its sender stops.
 *
 * The original looks through its list every 5 s and passes over what is younger than 2 s (server) or 3 s (client):
 * on average a packet is written again after 5 s. Here each packet has its own deadline, at that average.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export interface RetryPolicy {
  /** Wait for the acknowledgement of each copy, in milliseconds. */
  readonly waitMs: number;
  /** Copies written after the first. */
  readonly retries: number;
}

/** A client's policy: three copies, reported lost after 15 s. */
export const CLIENT_RETRY: RetryPolicy = { waitMs: 5000, retries: 2 };

/** The server's policy towards its clients: two copies, reported lost after 10 s. */
export const SERVER_RETRY: RetryPolicy = { waitMs: 5000, retries: 1 };
