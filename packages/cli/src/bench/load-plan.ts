/** What a load test does. */
export interface LoadPlan {
  /** Senders, each with a receiver of its own. */
  readonly pairs: number;
  /** Messages that a sender has under way at most. */
  readonly window: number;
  /** Messages a second of all pairs together, whatever the server does; undefined: as fast as the windows allow. */
  readonly perSecond: number | undefined;
  /** Messages under way that end an open loop: server or generator cannot keep up, and each takes memory here. */
  readonly maxUnderWay: number;
  /** Content of a message, in UTF-8 bytes; what is marked with its number is never shorter than the mark. */
  readonly sizeBytes: number;
  readonly alphabet: 'ascii' | 'chinese';
  /** Whether receivers log in. Offline, a message is done when the server has acknowledged it. */
  readonly receivers: 'online' | 'offline';
  readonly durationMs: number;
  /** Before the measured time. */
  readonly warmupMs: number;
  /** How long messages under way may still arrive when the time is over. */
  readonly drainMs: number;
  /** Begins all user ids; different for each run, so that no run meets another's messages. */
  readonly userPrefix: string;
  readonly token: string;
}

/** What every message of a run carries behind its number. */
export function fillingOf({ sizeBytes, alphabet }: LoadPlan): string {
  return alphabet === 'ascii' ? 'x'.repeat(sizeBytes) : '\u4e2d'.repeat(Math.floor(sizeBytes / 3));
}
