import { getHeapStatistics } from 'node:v8';

/** Limits on what peers can make the server keep or do. Each has a metric and a `limited` event. */
export interface ServerLimits {
  /** Maximum number of sockets and sessions of all transports together, logged in or not. Further ones are rejected. */
  readonly maxSessions: number;
  /** Maximum number of sockets and sessions from one address that is not exempt. Further ones are rejected. */
  readonly maxSessionsPerAddress: number;
  /** How long an accepted socket may take to send its login, handshakes included, in milliseconds. Then it is closed. */
  readonly loginTimeoutMs: number;
  /**
   * Maximum number of UDP sessions whose addresses may be forged, because they have not acknowledged what only the server can
   * have told them; one address may have a tenth of them, unless it is exempt. The oldest makes room for a new one.
   */
  readonly maxUnprovenAddresses: number;
  /** Logins per second from one address that is not exempt. Further logins wait up to 2 s; then they are rejected. */
  readonly loginsPerSecondPerAddress: number;
  /** Packets per second of one session, with bursts of two seconds. Above the rate reading pauses; on UDP packets are dropped. */
  readonly packetsPerSecond: number;
  /** Maximum number of unacknowledged QoS messages of one sender. Further messages are dropped and not acknowledged. */
  readonly maxUnacknowledged: number;
  /**
   * Maximum number of unknown users that one sender may write to in an hour, if there is a store: each may be made up, and gets
   * a queue. Known are users who were online here in the last ten minutes. Messages to further ones are dropped and not
   * acknowledged. 1 000 000 or more: no limit.
   */
  readonly unknownReceiversPerHour: number;
  /** Maximum memory for unacknowledged messages of one sender, in bytes. Further messages are dropped and not acknowledged. */
  readonly maxUnacknowledgedBytes: number;
  /**
   * Maximum memory for everything under way in the server, in bytes: half for senders, half for receivers. Each sender may have
   * as much as is free; from half of that on it is read more slowly, and beyond it messages are dropped and not acknowledged. A
   * receiver may have an eighth of what is free; beyond it messages go to the store, or are dropped. Default a quarter of the heap
   * limit of V8.
   */
  readonly maxBytesUnderWay: number;
  /** Maximum number of bytes that are buffered for a peer that reads slowly. Beyond it the session is closed. */
  readonly maxBufferedBytes: number;
  /** How long bytes may be buffered for a peer that reads nothing, in milliseconds. Then its session is closed. */
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
  loginTimeoutMs: 20_000,
  maxUnprovenAddresses: 10_000,
  loginsPerSecondPerAddress: 200,
  packetsPerSecond: 20_000,
  maxUnacknowledged: 10_000,
  unknownReceiversPerHour: 1_000,
  maxUnacknowledgedBytes: 16 * 1024 * 1024,
  maxBytesUnderWay: Math.floor(getHeapStatistics().heap_size_limit / 4),
  maxBufferedBytes: 4 * 1024 * 1024,
  stallTimeoutMs: 5_000,
};
