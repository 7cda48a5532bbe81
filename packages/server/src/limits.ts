/** Bounds on what peers can make the server keep or do. Each has a metric and a `limited` event. */
export interface ServerLimits {
  /** Sessions of all transports together, logged in or not. A connection beyond it is refused. */
  readonly maxSessions: number;
  /** Sessions from one address, where it is not exempt. A connection beyond it is refused. */
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
  /** Handled fingerprints remembered per sender, for 10 minutes at the longest. The oldest are forgotten first. */
  readonly maxRemembered: number;
  /** Handled fingerprints remembered of all users together who are not online. The longest away are forgotten first. */
  readonly maxRememberedAway: number;
  /** Messages from the bridge that are remembered, for 10 minutes at the longest. The oldest are forgotten first. */
  readonly maxRememberedFromBridge: number;
  /** Packets of one session that wait for a hook's answer. Beyond it reading pauses; on UDP the packet is dropped. */
  readonly maxDeferredPackets: number;
  /** Stored messages that the `onStored` hook is yet to be told of. It is never told of those beyond. */
  readonly maxStoredNotices: number;
}

/**
 * The limits of a server that is told nothing else.
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
  maxRemembered: 10_000,
  maxRememberedAway: 200_000,
  maxRememberedFromBridge: 200_000,
  maxDeferredPackets: 64,
  maxStoredNotices: 10_000,
};
