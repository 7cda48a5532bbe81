/** How long and how hard to attack. */
export interface AttackOptions {
  /** About how long the attack runs, in seconds. */
  readonly seconds: number;
  /** Number of frames that the server must receive on each transport, for attacks that count frames. */
  readonly frames: number;
  /** Tells the progress of a long attack. */
  readonly note: (line: string) => void;
}

/** What an attack has seen. */
export interface AttackOutcome {
  /** The figures, with their units in the names. */
  readonly figures: Readonly<Record<string, number>>;
  /** What the server did that it must not do; empty if it has withstood. */
  readonly problems: readonly string[];
}

/**
 * Attacks a server in a process of its own, from outside, over loopback. It is bounded in time and number, and releases
 * everything at its end.
 */
export interface Attack {
  /** What the attacker does, in one line. */
  readonly summary: string;
  run(options: AttackOptions): Promise<AttackOutcome>;
}
