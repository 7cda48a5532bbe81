/** Bounds on what peers can make the server keep or do. Each has a metric and a `limited` event. */
export interface ServerLimits {
  /** Sessions of all transports together, logged in or not. A connection beyond it is rejected. */
  readonly maxSessions: number;
  /** Sessions from one address, where it is not exempt. A connection beyond it is rejected. */
  readonly maxSessionsPerAddress: number;
  /** Logins from one address in a second, where it is not exempt. A login beyond it waits, up to 2 s; beyond that it is turned away. */
  readonly loginsPerSecondPerAddress: number;
  /** Packets of one session in a second, two seconds' worth at once. Beyond it reading pauses; on UDP the packet is dropped. */
  readonly packetsPerSecond: number;
  /** QoS messages of one sender that wait for their receivers. Beyond it a message is dropped unacknowledged. */
  readonly maxUnacknowledged: number;
  /** Bytes that wait for a peer that reads slowly. Beyond it the session is closed. */
  readonly maxBufferedBytes: number;
  /** How long a peer may keep bytes waiting without taking any. Then its session is closed. In milliseconds. */
  readonly stallTimeoutMs: number;
}

/**
 * The default limits.
 *
 * @see docs/reference/limits.md
 */
export const DEFAULT_LIMITS: ServerLimits = {
  maxSessions: 1_000_000,
  maxSessionsPerAddress: 1_000,
  loginsPerSecondPerAddress: 200,
  packetsPerSecond: 20_000,
  maxUnacknowledged: 10_000,
  maxBufferedBytes: 4 * 1024 * 1024,
  stallTimeoutMs: 5_000,
};
