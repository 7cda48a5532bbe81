/** Parameters of a load test. */
export interface LoadPlan {
  /** Number of senders, each with its own receiver. */
  readonly pairs: number;
  /** Maximum messages in flight per sender. */
  readonly window: number;
  /** Total messages per second, independent of the server; undefined: as fast as the windows allow. */
  readonly perSecond: number | undefined;
  /** An open loop stops at this many messages in flight: the server or the generator cannot keep up. */
  readonly maxInFlight: number;
  /** Message content in UTF-8 bytes. It is never shorter than the message's number. */
  readonly sizeBytes: number;
  readonly alphabet: 'ascii' | 'chinese';
  /** Whether receivers log in. If not, a message is complete when the server has acknowledged it. */
  readonly receivers: 'online' | 'offline';
  readonly durationMs: number;
  /** Time before the measurement. */
  readonly warmupMs: number;
  /** How long to wait for messages in flight at the end. */
  readonly drainMs: number;
  /** Prefix of all user ids. Different for each run, so that no run receives another's messages. */
  readonly userPrefix: string;
  readonly token: string;
}

/** The content of every message after its number. */
export function fillingOf({ sizeBytes, alphabet }: LoadPlan): string {
  return alphabet === 'ascii' ? 'x'.repeat(sizeBytes) : '\u4e2d'.repeat(Math.floor(sizeBytes / 3));
}
