/**
 * When an unacknowledged packet is retransmitted, and how often.
 *
 * The original scans its list every 5 s and skips packets younger than 2 s (server) or 3 s (client), so a packet is
 * retransmitted after 5 s on average. Here each packet has its own deadline, equal to that average.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export interface RetryPolicy {
  /** Time to wait for the acknowledgement after each write, in milliseconds. */
  readonly waitMs: number;
  /** Maximum number of retransmissions. */
  readonly retries: number;
}

/** The default of clients: written three times, reported as lost after 15 s. */
export const CLIENT_RETRY: RetryPolicy = { waitMs: 5000, retries: 2 };

/** The default of servers: written twice, reported as lost after 10 s. */
export const SERVER_RETRY: RetryPolicy = { waitMs: 5000, retries: 1 };
